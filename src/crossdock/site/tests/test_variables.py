"""The table of variables, and the misspellings that doctor looks for in it."""

from crossdock.site import doctor
from crossdock.site.variables import VARIABLES, unknown

PLATFORMS = ("shopify", "files")


def test_every_variable_says_what_it_is_for_once():
    names = [one.name for one in VARIABLES]

    assert len(set(names)) == len(names)
    assert [one.name for one in VARIABLES if not one.meaning.endswith(".")] == []


def test_known_names_are_not_strange():
    names = ["CROSSDOCK_FOLDERS", "CROSSDOCK_BASE_URL__SHOPIFY", "CROSSDOCK_APP__FILES", "PATH", "DATABASE_URL"]

    assert unknown(names, PLATFORMS) == []


def test_a_misspelled_name_is_found_with_what_was_meant():
    assert unknown(["CROSSDOCK_FODLERS"], PLATFORMS) == [("CROSSDOCK_FODLERS", "CROSSDOCK_FOLDERS")]
    assert unknown(["CROSSDOCK_BASE_URL__SHOPIFI"], PLATFORMS) == [("CROSSDOCK_BASE_URL__SHOPIFI", "CROSSDOCK_BASE_URL__SHOPIFY")]
    assert unknown(["CROSSDOCK_ZZ9"], PLATFORMS) == [("CROSSDOCK_ZZ9", "")]


def test_doctor_warns_of_it(monkeypatch):
    monkeypatch.setenv("CROSSDOCK_PUBLIK_URL", "https://crossdock.example.com")

    (finding,) = doctor.variables()

    assert (finding.state, finding.remedy) == ("warn", "Write CROSSDOCK_PUBLIC_URL.")
