# ruff: noqa: RUF001  # what a reader sees: real quotes, real minus signs
"""A client reads only the report, and gets an answer to ten questions, in each state and in both languages."""

from __future__ import annotations

import pytest
from page_text import Seen
from report_examples import BY_STATE, no_control

from etalage.domain.time import ShopZone
from etalage.measure.lines import Language
from etalage.measure.page.build import page
from etalage.measure.page.html import html
from etalage.unify.batch import view_statements

QUESTIONS = (
    "what ran",
    "for whom",
    "effect",
    "range",
    "euro",
    "certain",
    "coverage",
    "trust",
    "what next",
    "what not to conclude",
)
Answers = dict[str, tuple[str, ...]]
MADE = {**BY_STATE, "no_control": no_control}  # too early by name, but no time will tell

RAN: dict[Language, tuple[str, ...]] = {
    "nl": ("Hulp voor wie twijfelt", "Pop-up", "Als iemand weg wil gaan", "Kopers, binnen 7 dagen"),
    "en": (
        "Hulp voor wie twijfelt",
        "Pop-up",
        "When somebody is about to leave",
        "Buyers, within 7",
    ),
}
WHOM: dict[Language, tuple[str, ...]] = {
    "nl": ("Voor wie", "twijfelaars", "Overwegen"),
    "en": ("For whom", "twijfelaars", "Consideration"),
}
COVERED: dict[Language, tuple[str, ...]] = {
    "nl": ("28,8%", "130.036 van 451.514 meetbare mensen"),
    "en": ("28.8%", "130,036 of 451,514 measurable people"),
}
TRUSTED: dict[Language, tuple[str, ...]] = {
    "nl": ("De verdeling klopt", "Bevestigd door de winkel", "96,7% van de bestellingen"),
    "en": ("The split is right", "Confirmed by the shop", "96.7% of the orders are joined"),
}

# What must stand in the text, by state and language; what is not named is the same in all states.
ANSWERS: dict[tuple[str, Language], Answers] = {
    ("verified_effect", "nl"): {
        "effect": ("Bewezen effect", "kocht vaker: tussen 2,9% en 19,1%", "beste schatting 231"),
        "range": ("61 tot 401", "2,9% tot 19,1%"),
        "euro": ("Extra omzet € 4.000 tot € 36.200", "beste schatting € 18.900"),
        "certain": ("Ja. Nul ligt buiten het interval", "95% zekerheid"),
        "coverage": ("28,8%", "195.054 van 677.271 meetbare mensen"),
        "what next": ("Geef variant antwoord de hele plek", "122 tot 802 extra kopers"),
        "what not to conclude": ("Dat het precies 11,0% is.", "bij elkaar mag optellen"),
    },
    ("verified_effect", "en"): {
        "effect": ("Verified effect", "between 2.9% and 19.1%", "best estimate 231"),
        "range": ("61 to 401", "2.9% to 19.1%"),
        "euro": ("Extra revenue €4,000 to €36,200", "best estimate €18,900"),
        "certain": ("Yes. Zero lies outside the interval", "95% certainty"),
        "coverage": ("28.8%", "195,054 of 677,271 measurable people"),
        "what next": ("Give variant antwoord the whole place", "122 to 802 extra buyers"),
        "what not to conclude": ("That it is exactly 11.0%.", "That messages may be added up"),
    },
    ("no_relevant_difference", "nl"): {
        "effect": ("Geen relevant verschil", "maakt geen verschil dat ertoe doet"),
        "range": ("tussen −4,1% en 4,9%", "−86 tot 103"),
        "euro": ("Extra omzet −€ 5.600 tot € 9.300",),
        "certain": ("Ja. Er is genoeg gemeten",),
        "what next": ("Maak de plek vrij voor een ander idee",),
        "what not to conclude": ("Dat de uiting bij niemand iets doet",),
    },
    ("no_relevant_difference", "en"): {
        "effect": ("No relevant difference", "makes no difference that matters"),
        "range": ("between −4.1% and 4.9%", "−86 to 103"),
        "euro": ("Extra revenue −€5,600 to €9,300",),
        "certain": ("Yes. Enough was measured",),
        "what next": ("Free the place for another idea",),
        "what not to conclude": ("That the message does nothing for anybody",),
    },
    ("undecided", "nl"): {
        "effect": ("Onbeslist", "Onbeslist of ‘Hulp voor wie twijfelt’ helpt"),
        "range": ("tussen −4,1% en 14,5%", "−86 tot 305"),
        "euro": ("Extra omzet −€ 5.600 tot € 27.500",),
        "certain": ("Nee. Het plan is klaar, de vraag nog niet", "ongeveer 210.000 mensen"),
        "what next": ("Meet door tot rond 29 december 2026, of stop",),
        "what not to conclude": (
            "Dat de uiting niet werkt",
            "een effect tot 14,5% is nog mogelijk",
        ),
    },
    ("undecided", "en"): {
        "effect": ("Undecided", "Undecided whether ‘Hulp voor wie twijfelt’ helps"),
        "range": ("between −4.1% and 14.5%", "−86 to 305"),
        "euro": ("Extra revenue −€5,600 to €27,500",),
        "certain": ("No. The plan is done, the question is not", "about 210,000 people"),
        "what next": ("Measure on until around 29 December 2026, or stop",),
        "what not to conclude": ("That the message does not work", "up to 14.5% is still possible"),
    },
    ("harmful", "nl"): {
        "effect": ("Schadelijk", "kost je kopers: tussen 40 en 373"),
        "range": ("40 tot 373", "1,9% tot 17,8%"),
        "euro": ("Verloren omzet € 3.600 tot € 24.500",),
        "certain": ("Ja. Het hele interval ligt onder nul",),
        "what next": ("Zet deze uiting vandaag stil",),
        "what not to conclude": ("Dat het idee nooit kan werken",),
    },
    ("harmful", "en"): {
        "effect": ("Harmful", "costs you buyers: between 40 and 373"),
        "range": ("40 to 373", "1.9% to 17.8%"),
        "euro": ("Lost revenue €3,600 to €24,500",),
        "certain": ("Yes. The whole interval lies below zero",),
        "what next": ("Pause this message today",),
        "what not to conclude": ("That the idea can never work",),
    },
    ("too_early", "nl"): {
        "effect": ("Nog te vroeg voor een uitkomst", "daarom staat hier geen percentage"),
        "range": ("6.100 mensen meegeteld, nodig zijn er ongeveer 16.786",),
        "euro": ("Nog geen bedrag", "pas als het effect vaststaat"),
        "certain": ("Nee, nog niet", "naar verwachting rond maandag 7 december 2026"),
        "coverage": ("14,8%", "6.100 van 41.200 meetbare mensen"),
        "what next": ("Wacht tot maandag 7 december 2026, en verander tot dan niets",),
        "what not to conclude": ("Dat het de goede of de verkeerde kant op gaat",),
    },
    ("too_early", "en"): {
        "effect": ("Too early for an outcome", "so there is no percentage here"),
        "range": ("6,100 people are counted; about 16,786 are needed",),
        "euro": ("No amount yet", "only once the effect is certain"),
        "certain": ("No, not yet", "by about Monday 7 December 2026"),
        "coverage": ("14.8%", "6,100 of 41,200 measurable people"),
        "what next": ("Wait until Monday 7 December 2026, and change nothing until then",),
        "what not to conclude": ("That it is going the right or the wrong way",),
    },
    ("no_control", "nl"): {
        "effect": ("Niet te meten", "is niet te meten: er is geen controlegroep"),
        "range": ("elk verschil is een gok, hoe lang het ook loopt",),
        "euro": ("Nog geen bedrag", "zonder controlegroep komt er geen"),
        "certain": ("Nee, en dat wordt het zo ook niet", "Nooit, zonder controlegroep"),
        "coverage": ("7,4%", "3.058 van 41.200 meetbare mensen"),
        "trust": ("Er is geen controlegroep", "geen enkel verschil te vertrouwen"),
        "what next": ("Geef de uiting een controlegroep", "{kind: split, control: 0.1}"),
        "what not to conclude": ("Dat het vanzelf duidelijk wordt",),
    },
    ("no_control", "en"): {
        "effect": ("Cannot be measured", "cannot be measured: there is no control group"),
        "range": ("every difference is a guess, however long it runs",),
        "euro": ("No amount yet", "without a control group there is none"),
        "certain": ("No, and like this it never will be", "Never, without a control group"),
        "coverage": ("7.4%", "3,058 of 41,200 measurable people"),
        "trust": ("There is no control group", "no difference can be trusted"),
        "what next": ("Give the message a control group", "{kind: split, control: 0.1}"),
        "what not to conclude": ("That time will tell",),
    },
    ("broken", "nl"): {
        "effect": ("Meting stuk", "de meting klopt niet . Daarom staat hier geen effect"),
        "range": ("zegt een vergelijking niets",),
        "euro": ("Nog geen bedrag", "pas als de meting klopt"),
        "certain": ("Nee. Er klopt iets niet in de telling",),
        "trust": ("De verdeling klopt niet", "9.412", "8.671", "Slechts 35,0%"),
        "what next": ("Zoek eerst wie er ontbreekt", "Begin daarna opnieuw te tellen"),
        "what not to conclude": ("Dat de uiting goed of slecht is",),
    },
    ("broken", "en"): {
        "effect": ("Measurement broken", "That is why there is no effect here"),
        "range": ("a comparison means nothing",),
        "euro": ("No amount yet", "only once the measurement is right"),
        "certain": ("No. Something in the counting is not right",),
        "trust": ("The split is not right", "9,412", "8,671", "Only 35.0%"),
        "what next": ("First find who is missing", "Then start counting anew"),
        "what not to conclude": ("That the message is good or bad",),
    },
}


@pytest.mark.parametrize(("state", "language"), ANSWERS)
def test_the_report_alone_answers_ten_questions(state: str, language: Language) -> None:
    told = page(
        [MADE[state]()],
        shop="Noord",
        zone=ShopZone("Europe/Amsterdam"),
        language=language,
        views=view_statements(),
    )

    text = Seen(html(told)).text

    always = {
        "what ran": RAN[language],
        "for whom": WHOM[language],
        "coverage": COVERED[language],
        "trust": TRUSTED[language],
    }
    expected = always | ANSWERS[state, language]
    assert set(expected) == set(QUESTIONS)
    unanswered = {
        question: [said for said in answers if said not in text]
        for question, answers in expected.items()
    }
    assert {question: said for question, said in unanswered.items() if said} == {}


def test_every_state_has_its_ten_answers_in_both_languages() -> None:
    assert set(ANSWERS) == {(state, language) for state in MADE for language in ("nl", "en")}
