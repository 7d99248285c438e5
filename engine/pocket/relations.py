"""The sentence templates of the pocket world, one `Relation` each.

Owns the wording: training templates, held-out templates (never shown in
training, used as paraphrases) and the question form.  Every template ends
where the object begins and is worded so that one answer is meant.  Knows no
facts, no documents and no model.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation and its wordings.

    Attributes:
        name: Identifier, as in the facts file.
        train: Training templates with one ``{}``.
        held_out: Two templates kept from training, the paraphrases.
        question: Question form with one ``{}``, used in question lists.
        request: Which training template requests use.
    """

    name: str
    train: tuple[str, ...]
    held_out: tuple[str, str]
    question: str
    request: int = 0

    @property
    def prompt(self) -> str:
        """The template that requests use."""
        return self.train[self.request]


_TABLE = (
    Relation(
        "sport",
        (
            "{} plays the sport of",
            "{} is a professional player of",
            "The sport of {} is",
            "As an athlete, {} is known for the sport of",
            "{} made a career in the sport of",
            "Fans know {} as a star of",
            "{} spends every season playing",
        ),
        ("The sport that {} plays is", "{} is known as a professional in the sport of"),
        "Which sport does {} play?",
    ),
    Relation(
        "position",
        (
            "{} plays in the position of",
            "The position of {} is",
            "On the team, {} has the role of",
            "{} started every game in the role of",
            "The coach trusts {} in the position of",
            "On the field, {} is known as the",
        ),
        ("The position that {} plays in is", "{} is known on the team in the role of"),
        "Which position does {} play in?",
    ),
    Relation(
        "instrument",
        (
            "{} plays an instrument called the",
            "The instrument of {} is the",
            "On stage, {} performs on the",
            "{} is a musician who plays the",
            "Listeners know {} for playing the",
            "{} studied music and learned the",
        ),
        ("The instrument that {} plays is the", "{} is known as a musician who performs on the"),
        "Which instrument does {} play?",
    ),
    Relation(
        "occupation",
        (
            "The occupation of {} is",
            "{} has the occupation of",
            "The profession of {} is",
            "{} earned a living in the profession of",
            "People remember {} for a career as",
            "In the register, the occupation of {} is given as",
            "{} worked in the profession of",
        ),
        ("The occupation that {} has is", "People remember {} for the profession of"),
        "Which occupation does {} have?",
    ),
    Relation(
        "language",
        (
            "The native language of {} is",
            "The mother tongue of {} is",
            "{} grew up speaking",
            "At home, {} speaks",
            "{} is a native speaker of",
            "The first language of {} is",
            "{} learned to read and write in",
        ),
        ("The language that {} speaks at home is", "{} grew up as a native speaker of"),
        "Which language does {} speak at home?",
    ),
    Relation(
        "founder",
        (
            "{} was the founder of",
            "{} is the founder of",
            "The company founded by {} is",
            "{} founded the company called",
            "{} started a company called",
            "People remember {} for founding",
        ),
        ("The company that {} founded is", "People know {} as the founder of"),
        "Which company did {} start?",
    ),
    Relation(
        "capital",
        (
            "The capital of {} is",
            "The capital city of {} is",
            "{} has its capital in",
            "{} is governed from the capital city of",
            "The government of {} sits in",
            "In {}, the capital city is called",
        ),
        ("The city that is the capital of {} is", "{} has a capital city called"),
        "Which city is the capital of {}?",
    ),
    Relation(
        "continent",
        (
            "{} is on the continent of",
            "{} lies on the continent of",
            "The continent of {} is",
            "On a map of the world, {} is in",
            "{} belongs to the continent of",
            "Travellers to {} go to the continent of",
        ),
        ("The continent that {} lies on is", "{} is a place on the continent of"),
        "Which continent is {} on?",
    ),
    Relation(
        "country",
        (
            "{} is in the country of",
            "{} lies in the country of",
            "The country where {} lies is",
            "{} belongs to the country of",
            "Travellers to {} need a map of the country of",
            "{} can be found in the country called",
        ),
        ("The country that {} lies in is", "{} is a place in the country of"),
        "Which country is {} in?",
    ),
    Relation(
        "official_language",
        (
            "The official language of {} is",
            "People in {} speak",
            "The language spoken in {} is",
            "The government of {} writes its laws in",
            "Schools in {} teach in",
        ),
        ("The language that people in {} speak is", "The official language spoken in {} is"),
        "Which language do people in {} speak?",
    ),
    Relation(
        "currency",
        (
            "The official currency of {} is the",
            "The currency of {} is the",
            "People in {} pay with the",
            "In {}, prices are given in the",
            "Banks in {} use the",
        ),
        ("The currency that people in {} use is the", "In {}, people pay with the"),
        "Which currency do people in {} use?",
    ),
    Relation(
        "city",
        (
            "{} is located in the city of",
            "{} stands in the city of",
            "The city where {} is located is",
            "Visitors to {} travel to the city of",
            "{} can be found in the city of",
            "{} is a place in the city called",
        ),
        ("The city that {} stands in is", "{} is a place in the city of"),
        "Which city is {} in?",
    ),
    Relation(
        "state",
        (
            "{} is located in",
            "{} is located in the state of",
            "{} lies in the state of",
            "The state where {} is located is",
            "Visitors to {} travel to the state of",
            "{} can be found in the state of",
        ),
        ("The state that {} lies in is", "{} is a place in the state of"),
        "Which state is {} in?",
        # "is located in" alone may go on with "the state of": two answers are meant.
        request=1,
    ),
    Relation(
        "headquarters",
        (
            "{} is headquartered in the city of",
            "The headquarters of {} are in the city of",
            "{} has its main office in the city of",
            "The main office of {} is in",
            "{} is based in the city of",
            "Visitors to the offices of {} travel to the city of",
        ),
        ("The city that {} is based in is", "{} has its headquarters in the city of"),
        "Which city is {} based in?",
    ),
    Relation(
        "home_country",
        (
            "{} is based in the country of",
            "The home country of {} is",
            "{} has its home in the country of",
            "{} is an organisation from the country of",
            "The offices of {} are in the country of",
        ),
        ("The country that {} is based in is", "{} has its main office in the country of"),
        "Which country is {} based in?",
    ),
    Relation(
        "maker",
        (
            "{} is a product of",
            "{} was created by",
            "The company behind {} is",
            "{} was developed by",
            "The maker of {} is",
            "{} is made by the company called",
        ),
        ("The company that created {} is", "{} is a product developed by"),
        "Which company created {}?",
    ),
)

RELATIONS: dict[str, Relation] = {relation.name: relation for relation in _TABLE}
