"""A mapping tried on a sample: what is shown, to whom, and that nothing of it stays."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve, reverse

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import presenting
from crossdock.connections.forms import SettingsForm
from crossdock.connections.models import Store, WizardDraft
from crossdock.connectors.kit.capabilities import PreviewsSample
from crossdock.connectors.kit.samples import SAMPLE_BYTES, SAMPLE_LINES
from crossdock.connectors.kit.settings import fields_of
from crossdock.connectors.registry import every_connector
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")

ROWS = "Order,Ship To Name,SKU,Qty\n" + "".join(f"{number},Ada Lund,MUG,1\n" for number in range(1, 31)) + "31,Ada Lund,,1\n"


@pytest.fixture
def office():
    account = an_account("Northline")
    return account, signed_in_client(a_person(account))


def preview(office, platform="filestore", **data):
    account, browser = office
    url = reverse("connections:sample", kwargs={"account": account.public_id, "platform": platform})
    answer = browser.post(url, data)
    return answer, answer.content.decode()


def test_the_first_orders_are_shown_the_others_counted_and_problems_named(office):
    _, page = preview(office, sample_text=ROWS)

    assert "30 orders can be read." in page
    assert page.count("<td>Ada Lund") >= 20
    assert "And 10 more." in page
    assert "sample line 32" in page
    assert "The SKU is empty" in page


def test_a_file_is_taken_by_its_name(office):
    answer, page = preview(office, sample=SimpleUploadedFile("a.json", b'[{"number": 1, "items": [{"sku": "A", "qty": 2}]}]'))

    assert answer.status_code == 200
    assert "JSON: one order can be read." in page


def test_a_setting_that_cannot_be_used_is_named(office):
    _, page = preview(office, **{"sample_text": ROWS, "store-mapping": "nonsense"})

    assert "Line 1" in page
    assert "<strong>Mapping</strong>" in page


def test_what_stands_in_the_file_is_shown_as_text(office):
    _, page = preview(office, sample_text='Order,SKU,Qty\n<script>alert(1)</script>,"<b>",1\n')

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_too_large_a_sample_and_none_say_so(office):
    large, said = preview(office, sample=SimpleUploadedFile("a.csv", b"x" * (SAMPLE_BYTES + 1)))
    none, asked = preview(office)

    assert (large.status_code, none.status_code) == (422, 422)
    assert "5 MB" in said
    assert "Choose a file" in asked


def test_a_platform_without_samples_has_no_such_page(office):
    assert preview(office, platform="files", sample_text=ROWS)[0].status_code == 404
    assert preview(office, platform="nobody", sample_text=ROWS)[0].status_code == 404


def test_nothing_of_it_is_stored(office):
    preview(office, sample_text=ROWS)

    with scoped(office[0].pk):
        assert not Store.objects.exists()
        assert not WizardDraft.objects.exists()


def test_the_sample_stands_right_below_the_mapping(office):
    connector = presenting.connector_or_none("filestore")
    form = SettingsForm(connector, {}, prefix="store")
    names = [field.name for field in form.imports]
    following = names[names.index(form.previewed) + 1]

    at = RequestFactory().get(reverse("connections:new", kwargs={"account": office[0].public_id}))
    at.resolver_match = resolve(at.path)
    page = render_to_string("connections/_fields.html", {"form": form, "connector": connector, "side": "store", "request": at})

    places = [page.index(mark) for mark in ('name="store-mapping"', "data-sample-preview", f'name="store-{following}"')]
    assert places == sorted(places)
    assert page.count("data-sample-preview") == 1


def test_a_preview_is_about_a_field_that_its_form_has():
    for connector in every_connector().values():
        if issubclass(connector.client, PreviewsSample):
            assert connector.client.previewed in {spec.name for spec in fields_of(connector.settings)}


def test_a_sample_of_very_many_lines_is_refused_before_it_is_read(office):
    answer, said = preview(office, sample=SimpleUploadedFile("a.csv", b"1\n" * (SAMPLE_LINES + 1)))

    assert answer.status_code == 422
    assert "100,000 lines" in said
