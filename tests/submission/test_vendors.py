"""Vendors are found: a module that has one, or the entry point of another package."""

from collections.abc import Callable
from typing import Any

import pytest

from qsac.errors import ExtensionError, InvalidInputError
from qsac.submission import submit
from qsac.submission.client import Vendor
from qsac.submission.vendors import taken, vendor, vendor_names
from tests.extensions.conftest import install as install

MODULE = """
from qsac.errors import BackendError
from qsac.submission.client import Cost, Vendor

def login(machine):
    raise BackendError("there is no login to Elsewhere")

def broken(*_):
    print("on stdout")
    raise KeyError("price")

ELSEWHERE = Vendor(name="Elsewhere", takes="toys", machine=lambda name: f"toy-{name}", target_of=lambda name: None,
                   cost=broken, least=float, ceiling=lambda highest, most: most or highest, client=login)
"""
Install = Callable[..., None]


@pytest.fixture
def elsewhere(install: Install) -> None:
    entries = "[qsac.vendors]\nElsewhere = elsewhere_qsac:ELSEWHERE\nOther = elsewhere_qsac:ELSEWHERE\n"
    install(entries=f"{entries}Nothing = elsewhere_qsac:login\nIBM = elsewhere_qsac:ELSEWHERE\n", module=MODULE)


def test_qsacs_own() -> None:
    assert vendor_names() == ("IBM", "Quantinuum")
    assert taken() == "a device of IBM's or h1, h2, h2-1, h2-2"
    for name in vendor_names():
        assert vendor(name).name == name
    assert vendor("Quantinuum").machine("h2") == "H2-1"
    assert vendor("Quantinuum").machine("helios") is None


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.filterwarnings("ignore:elsewhere 1.2 offers 'IBM'")
def test_another_packages() -> None:
    assert vendor_names() == ("IBM", "Quantinuum", "Elsewhere", "Nothing", "Other")
    found = vendor("Elsewhere")
    assert isinstance(found, Vendor)
    assert found.machine("one") == "toy-one"
    assert vendor("IBM").takes == "a device of IBM's"
    with pytest.raises(Exception, match="there is no login to Elsewhere"):
        submit.client("Elsewhere", "toy")


@pytest.mark.usefixtures("elsewhere")
def test_its_faults_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ExtensionError, match=r"the vendor 'Elsewhere' of elsewhere 1\.2 failed") as caught:
        vendor("Elsewhere").cost({}, 5)
    assert (caught.value.package, caught.value.found) == ("elsewhere 1.2", "KeyError: 'price'")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("name", "found"), [("Other", "Vendor"), ("Nothing", "function")])
def test_what_is_no_vendor_of_that_name(name: str, found: Any) -> None:
    with pytest.raises(ExtensionError, match=f"the vendor '{name}' of elsewhere 1.2 is not usable") as caught:
        vendor(name)
    assert found in (caught.value.found or "")
    assert f"whose name is '{name}'" in (caught.value.wanted or "")


def test_a_vendor_that_nobody_knows() -> None:
    with pytest.raises(InvalidInputError, match='there is no client for the vendor "Nobody"') as caught:
        vendor("Nobody")
    assert caught.value.wanted == "IBM or Quantinuum"
