"""What is known of a person, found in any text however it is escaped, and hidden without harm to numbers that merely look alike."""

import json
from urllib.parse import quote_plus

import pytest

from crossdock.activity.erasing import Known

ADA = Known(
    {"Ada Märsh", "ada@example.com", "+1 555 010 4477", "89501", "114 Riverside Drive", "Ada", "Leave it\nat the back door"}
)


@pytest.mark.parametrize(
    "text",
    [
        "to ada@example.com",
        "To ADA@EXAMPLE.COM",
        json.dumps({"name": "Ada Märsh"}),
        json.dumps({"name": "Ada Märsh"}, ensure_ascii=False),
        json.dumps({"payload": json.dumps({"street": "114 Riverside Drive"})}),
        f"https://example.com/?q={quote_plus('114 Riverside Drive')}",
        "call +1 555 010 4477 now",
    ],
)
def test_a_text_about_a_person_is_found_and_says_nothing_afterwards(text):
    assert ADA.is_in(text)

    assert not ADA.is_in(ADA.hide(text))


def test_a_first_name_or_a_postal_code_alone_says_nothing_of_a_person():
    assert not ADA.is_in("Ada, 89501")


def test_short_words_and_numbers_are_hidden_only_where_they_stand_for_themselves():
    assert ADA.hide("Adapter 189501 89501 Ada") == "Adapter 189501 ••• •••"


def test_lines_of_a_note_are_hidden_one_by_one():
    assert ADA.hide("at the back door") == "•••"


def test_of_nobody_nothing_is_found_or_hidden():
    assert (Known(set()).is_in("ada@example.com"), Known({""}).hide("text")) == (False, "text")
