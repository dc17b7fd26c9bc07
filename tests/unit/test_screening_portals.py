"""Websites where people are to apply, register, book or ask instead, and the same pages as work."""

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Kind

CONTEXT = Context("candidacy")


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default(), scorer=None)


@pytest.mark.parametrize(
    "text",
    [
        "Kindly register as a vendor first: suppliers.northmoor-foods.ie",
        "All applicants have to apply at hiring.glasshouse-labs.ca/roles/12",
        "Fill in our intake sheet at intake.portmere.co and we go from there",
        "Darse de alta es obligatorio en proveedores.molinosur.cl",
        "Preencha o cadastro em fornecedores.textilbraga.pt",
        "Merci de vous inscrire sur fournisseurs.atelier-morvan.fr/inscription",
        "Bitte bewerben Sie sich unter stellen.hafenkontor-nord.de",
        "Si iscriva qui: fornitori.cartierabassano.it",
        "Заполните анкету: anketa.severstroy.by",
        "Зареєструйтесь тут: vakansii.lanprom.in.ua",
        "Tedarikçi kaydınızı kayit.yelkentekstil.com.tr üzerinden olusturun",
        "请先在 zhaopin.yunhe-keji.cn 注册",
        "Wypełnij formularz: rekrutacja.stolmax.com.pl",
        "register on our own site, woodlarkcrew.co/freelancers",
        "https://studio-fern.fr/prendre-rdv",
        "chat with sales here https://fernworks.pk/get-in-touch",
        "https://termine.praxis-lindau.de/neu",
    ],
)
def test_a_page_to_apply_or_register_at_is_a_contact(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.WEBSITE in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "The careers page careers.fernhollow.io needs a redesign, the apply button is broken on mobile",
        "Please fix the validation of the form at portal.fernhollow.io/register, it returns 500",
        "Apply the patch to jobs.py, then register the handler in contact.ts",
        "Translate the headline of acme-tools.de/karriere from German, 300 words",
    ],
)
def test_the_same_page_as_work_is_none(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW


@pytest.mark.parametrize(
    "text", ["property is the .com one", "we own the .com and the .net", "is it your .co or your .io"]
)
def test_an_ending_that_is_talked_about_is_no_site(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW
