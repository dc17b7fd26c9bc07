/** Brings the widget in, and keeps what the page asks of it until it is there: `GreenroomWidget.push(["open"])`. */

declare const WIDGET: string;

type Call = [method: string, ...rest: unknown[]];
const page = globalThis as unknown as { GreenroomWidget?: { push(call: Call): unknown } & Iterable<Call> };

const call = ([method, ...rest]: Call): void => {
  const element = document.querySelector("green-room") as unknown as Record<string, (...rest: unknown[]) => void> | null;
  if (method === "on") {
    const [name, listener] = rest as [string, (detail: unknown) => void];
    addEventListener(`green-room:${name}`, (event) => listener((event as CustomEvent).detail));
  } else if (/^(open|close|toggle|show|hide|openThread|logout)$/.test(method)) {
    element?.[method]?.(...rest);
  }
};

const waiting = [...(page.GreenroomWidget ?? [])];
for (const one of waiting) if (one[0] === "on") call(one);
void import(new URL(WIDGET, import.meta.url).href).then(() => {
  for (const one of waiting) if (one[0] !== "on") call(one);
  page.GreenroomWidget = { push: call, [Symbol.iterator]: () => [][Symbol.iterator]() };
});
