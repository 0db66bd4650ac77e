"""A mapping tried on a sample: what is shown, to whom, and that nothing of it stays."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Store, WizardDraft
from crossdock.connectors.kit.samples import SAMPLE_BYTES
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
