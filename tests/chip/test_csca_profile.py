"""What a CSCA's certificate must say of itself; certificates are another library's."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from likeness.chip.certificate import read_certificate
from likeness.chip.csca_profile import why_none
from likeness.chip.trust_store import load

# Names that no state has are what is tried here.
pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length")
KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2040))
AUTHORITY = x509.BasicConstraints(ca=True, path_length=0)
DEEP = x509.BasicConstraints(ca=True, path_length=1)
DEEPER = x509.BasicConstraints(ca=True, path_length=None)
NOBODY = x509.BasicConstraints(ca=False, path_length=None)
FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
HOST = x509.SubjectAlternativeName([x509.DNSName("ca.example")])
PLACE = x509.SubjectAlternativeName([x509.RFC822Name("csca@state.example")])


def signs(*, certificates: bool = True, lists: bool = True) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=lists,
        encipher_only=False,
        decipher_only=False,
    )


def issued(*extensions: x509.ExtensionType, countries: tuple[str, ...]) -> bytes:
    """Issue one that its own key signed."""
    name = x509.Name(
        [
            *(
                x509.NameAttribute(NameOID.COUNTRY_NAME, one, _validate=False)
                for one in countries
            ),
            x509.NameAttribute(NameOID.COMMON_NAME, "One of them"),
        ]
    )
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 7, BEGIN, END)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(KEY, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("country", ["UT", "ut", "UTO"])
@pytest.mark.parametrize("more", [(), (PLACE,)])
def test_one_of_a_state(country: str, more: tuple[x509.ExtensionType, ...]) -> None:
    der = issued(AUTHORITY, signs(), *more, countries=(country,))
    assert why_none(read_certificate(der)) == ""
    assert len(load([("a.cer", der)]).issuers) == 1


@pytest.mark.parametrize(
    ("extensions", "countries", "says"),
    [
        ((signs(),), ("UT",), "basicConstraints"),
        ((NOBODY, signs()), ("UT",), "basicConstraints"),
        ((DEEP, signs()), ("UT",), "pathLenConstraint"),
        ((DEEPER, signs()), ("UT",), "pathLenConstraint"),
        ((AUTHORITY,), ("UT",), "keyUsage"),
        ((AUTHORITY, signs(certificates=False)), ("UT",), "keyUsage"),
        ((AUTHORITY, signs(lists=False)), ("UT",), "keyUsage"),
        ((AUTHORITY, signs()), (), "country"),
        ((AUTHORITY, signs()), ("U",), "country"),
        ((AUTHORITY, signs()), ("UTOP",), "country"),
        ((AUTHORITY, signs()), ("U2",), "country"),
        ((AUTHORITY, signs()), ("UT", "XX"), "country"),
        ((AUTHORITY, signs(), FOR_SERVERS), ("UT",), "extendedKeyUsage"),
        ((AUTHORITY, signs(), HOST), ("UT",), "subjectAltName"),
    ],
)
def test_one_that_is_none_is_left_out_by_name_and_why(
    extensions: tuple[x509.ExtensionType, ...], countries: tuple[str, ...], says: str
) -> None:
    der = issued(*extensions, countries=countries)
    assert says in why_none(read_certificate(der))
    found = load([("a.cer", der)])
    assert found.issuers == ()
    (why,) = found.rejected
    assert "One of them" in why
    assert says in why
