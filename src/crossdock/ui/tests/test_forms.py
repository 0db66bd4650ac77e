"""One look for all forms."""

import pytest
from django import forms

from crossdock.ui.forms import LoadedSelect, SecretInput
from crossdock.ui.parts import Series
from crossdock.ui.plots import Plot


class Settings(forms.Form):
    shop = forms.CharField(label="Shop name", help_text="Like “blue-heron”.")
    token = forms.CharField(label="Token", widget=SecretInput(is_stored=True), required=False)
    location = forms.CharField(label="Location", widget=LoadedSelect(choices_url="/choices"))
    empties = forms.BooleanField(label="Exclude empty orders", required=False)
    days = forms.MultipleChoiceField(label="Days", choices=[("mon", "Monday")], widget=forms.CheckboxSelectMultiple)


def test_a_field_has_its_label_its_help_and_its_error_beside_it():
    form = Settings({"shop": ""})
    form.is_valid()

    html = str(form)

    assert '<label class="form-label" for="id_shop">Shop name' in html
    assert 'id="id_shop_help"' in html
    assert 'id="id_shop_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_shop_help id_shop_error"' in html


def test_a_stored_secret_never_comes_back_and_may_be_left_empty():
    html = str(Settings({"shop": "a", "token": "s3cr3t-value", "location": "b"}, prefix=None)["token"].as_field_group())

    assert "s3cr3t-value" not in html
    assert "Stored. Type to replace it." in html
    assert "required" not in html


def test_choices_that_the_platform_knows_are_asked_from_it_and_can_be_typed_meanwhile():
    html = str(Settings({"location": "gid-1"})["location"].as_field_group())

    assert 'data-choices-url="/choices"' in html
    assert 'value="gid-1"' in html


def test_several_choices_are_one_group_with_a_legend():
    html = str(Settings()["days"].as_field_group())

    assert "<fieldset" in html
    assert "<legend>Days" in html


def test_what_concerns_the_whole_form_stands_above_it():
    form = Settings({})
    form.is_valid()
    form.add_error(None, "The shop and the token do not belong together.")

    assert str(form).index("do not belong together") < str(form).index("id_shop")


def test_a_field_that_depends_on_another_says_on_what():
    form = Settings()
    form.fields["token"].shown_when = ("mode", ("token", "both"))

    assert 'data-shown-when="mode" data-shown-values="token both"' in str(form["token"].as_field_group())


def test_text_in_a_form_is_escaped():
    form = Settings({"shop": '"><script>alert(1)</script>'})

    assert "<script>" not in str(form)


def test_a_plot_has_one_value_for_each_moment():
    with pytest.raises(ValueError, match="1 values for 0 moments"):
        Plot("Orders", [], [Series("Orders", [1])])
