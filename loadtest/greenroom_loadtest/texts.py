"""What the virtual users write: 100 to 200 characters of ordinary English, no two messages alike.

Nothing in them should trouble the contact filter; some name prices, times and amounts, as people do.
"""

from typing import Final

_SENTENCES: Final = (
    "Thanks for getting back to me so quickly, I have read your notes and they make a lot of sense to me.",
    "Could you tell me a little more about the timeline, and which part you would like to see finished first?",
    "I have worked on two similar shops before, so the catalogue and the checkout should not hold any surprises.",
    "The draft looks great already. I only wonder whether the header should be a bit calmer on small screens.",
    "My usual rate is 45 per hour, but for a project of this size I am happy to agree on a fixed price instead.",
    "We are a small team from Lyon and we build software for bakeries, so please expect a lot of bread in the data.",
    "I can start next Monday and would plan about three weeks, including one round of changes at the end.",
    "That sounds good to me. Let us begin with the landing page and look at the dashboard after that.",
    "Have you thought about how customers will search for a product, by name, by category or by both of them?",
    "I attached nothing yet because I first want to be sure that I understood the scope of the work correctly.",
    "The old site is slow because every page loads more than 90 images, we should fix that before anything else.",
    "Our designer prefers warm colours and a lot of white space, would that work with what you have in mind?",
    "Yes, I would write the tests as well, and a short page which explains how to run everything on a laptop.",
    "I am in meetings until the afternoon, but I will read your proposal tonight and answer in the morning.",
    "How do you feel about a small trial task first? We would of course pay for it like for everything else.",
    "The translation has about 12,000 words, most of them are product descriptions that repeat themselves.",
    "Please take your time, there is no hurry on our side as long as it is ready before the end of the summer.",
    "I looked at the numbers again and I think that we can leave the second report out without losing much.",
    "It would help me a lot to know who is going to maintain this afterwards, and how much they like Python.",
    "We had another freelancer before you, who did fine work but had to stop, so some pieces are half done.",
    "The budget for the first milestone is fixed, for the second one we can still talk about what is needed.",
    "Good question. The export runs every night at 2 and usually takes around 20 minutes for all of the stores.",
    "I would suggest that we keep the data model as it is and only change the way in which it is displayed.",
    "Sorry for the late answer, I was travelling. Everything you wrote is fine with me, let us go ahead.",
    "What matters most to us is that the people in the warehouse can use it with gloves on and in bad light.",
    "For the illustrations I would draw three rough ideas, and you choose the one that I should finish.",
    "There is one thing I am not sure about yet, which is how the discounts should work for regular customers.",
    "I have finished the first half and it went better than planned, the rest should be done by Thursday.",
    "The review can be in the afternoon, since I would like to try two more ideas before anybody looks at it.",
    "Great, then I will write down what we have agreed on and you tell me whether I have missed something.",
    "The logo has to work in one colour too, because it will be printed on boxes and stitched on aprons.",
    "I read the whole brief twice and I like it. My only doubt is the search, which may need more than a week.",
    "We expect about 300 visitors a day in the beginning, so a simple setup without a cluster is all we need.",
    "Would you be open to a longer cooperation if this goes well? There is enough work for a year or so.",
    "I prefer to deliver small pieces often, so that you can try them early and change your mind cheaply.",
    "All pictures are ours and may be cropped and brightened in any way that you think is right for the shop.",
    "All of this is very clear, thank you. I will prepare a plan with steps and estimates until tomorrow.",
)
_WORD_LIST: Final = (
    "amber anchor apple arrow autumn badge banner barn basket beacon bell birch blanket bridge brook bucket button "
    "cabin candle canyon carpet cedar chalk cherry clover cobble copper cotton cradle dune ember engine fable falcon "
    "feather fern flint forest garden ginger granite harbour hazel hill island ivory jacket kettle ladder lagoon "
    "lantern lemon linen maple meadow mirror needle oak orchard paper pebble quarry ribbon saddle"
)
_WORDS: Final = tuple(_WORD_LIST.split())
_PAIRS: Final = tuple(f"{one} {two}" for one in _WORDS for two in _WORDS)


def body(number: int) -> str:
    """Give the text of a message; equal only for numbers that are millions apart."""
    pair, word = _PAIRS[number % len(_PAIRS)], _WORDS[number // len(_PAIRS) % len(_WORDS)]
    return f"{_SENTENCES[number % len(_SENTENCES)]} Filed under {pair} {word}."
