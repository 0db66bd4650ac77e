"""Names of countries and regions that sandbox addresses use; others keep their code."""

from __future__ import annotations

_COUNTRIES = {
    "AU": "Australia",
    "CA": "Canada",
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "JP": "Japan",
    "MX": "Mexico",
    "PL": "Poland",
    "US": "United States",
}
_REGIONS = {
    ("US", "CA"): "California",
    ("US", "KY"): "Kentucky",
    ("US", "NV"): "Nevada",
    ("US", "NY"): "New York",
    ("US", "OR"): "Oregon",
    ("US", "TX"): "Texas",
    ("US", "WA"): "Washington",
    ("CA", "BC"): "British Columbia",
    ("CA", "ON"): "Ontario",
    ("CA", "QC"): "Quebec",
}
_CODES = {name.casefold(): code for code, name in _COUNTRIES.items()}
_REGION_CODES = {(country, name.casefold()): code for (country, code), name in _REGIONS.items()}


def country_name(code: str | None) -> str | None:
    """The country's name."""
    return _COUNTRIES.get(code or "", code)


def region_name(country: str | None, code: str | None) -> str | None:
    """The region's name."""
    return _REGIONS.get((country or "", code or ""), code)


def country_code(name: str | None) -> str | None:
    """The code of a country given by name, None when it is not known."""
    return _CODES.get((name or "").casefold())


def region_code(country: str | None, name: str | None) -> str | None:
    """The code of a region given by name, None when it is not known."""
    return _REGION_CODES.get((country or "", (name or "").casefold()))
