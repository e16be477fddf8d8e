"""The files of a simulated chip against bytes written out by hand."""

import io

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from likeness.simulators.emrtd_crypto import AES_256, TDES
from likeness.simulators.emrtd_files import (
    ImageForm,
    active_authentication_info,
    atr_info,
    chip_authentication_infos,
    common,
    group_1,
    group_2,
    group_2_of_2019,
    group_11,
    group_14,
    pace_info,
)
from likeness.simulators.emrtd_pictures import SIZE, bomb, portrait


def test_common_lists_groups_in_order() -> None:
    written = "6017 5F0104 30313037 5F3606 303430303030 5C05 61756B6E6F".replace(
        " ", ""
    )
    assert common([15, 2, 1, 14, 11]).hex().upper() == written


def test_group_1() -> None:
    assert group_1(["AB", "CD"]).hex().upper() == "61075F1F0441424344"


def test_group_2_with_two_bytes_of_image() -> None:
    """As ICAO 9303-10 and ISO/IEC 19794-5:2005 lay it out."""
    record = (
        "46414300 30313000 00000030 0001"  # header: FAC, 010, 48 bytes, one face
        "00000022 0000 00 00 00 000000 0000 000000 000000"  # 34 bytes with its image
        "01 01 0168 01E0 01 02 0000 0000"  # frontal, JPEG 2000, 360 x 480
        "ABCD"
    )
    group = (
        "754C 7F6149 020101 7F6043"  # one template
        "A10E 810102 820100 87020101 88020008"  # a face, in this format
        "5F2E30"
    )
    written = bytes.fromhex((group + record).replace(" ", ""))
    assert group_2(b"\xab\xcd", ImageForm.JP2, (360, 480)) == written


def test_the_record_says_jpeg_by_its_number() -> None:
    assert group_2(b"\xab\xcd", ImageForm.JPEG, (1, 2))[-14:].hex() == (
        "01000001000201020000" + "0000" + "abcd"
    )


def test_two_pictures_in_two_templates() -> None:
    both = group_2(b"\xab\xcd", ImageForm.JP2, (1, 1), count=2)
    assert b"\x02\x01\x02\x7f\x60" in both
    assert both.count(b"FAC\0") == 2


def test_the_newer_record_has_another_format() -> None:
    group = group_2_of_2019(b"image")
    assert b"FAC" not in group
    assert b"\x88\x02\x00\x29\x7f\x2e" in group


def test_group_11_states_what_is_there() -> None:
    assert group_11("甲", "", "19900102").hex().upper() == (
        "6B175C045F0E5F2B5F0E03E794B25F2B083139393030313032"
    )


def test_security_infos() -> None:
    assert pace_info(TDES, "secp256r1").hex().upper() == (
        "3012060A04007F0007020204020102010202010C"
    )
    assert active_authentication_info("sha256").hex().upper() == (
        "30170606678108010105020101060A04007F00070101040103"
    )


def test_chip_authentication_names_its_key() -> None:
    key = ec.derive_private_key(7, ec.BrainpoolP256R1())
    way, public = chip_authentication_infos(AES_256, key, key_id=5)
    assert way.hex().upper() == "3012060A04007F00070202030204020101020105"
    assert public.startswith(b"\x30\x82")
    assert public.endswith(b"\x02\x01\x05")
    assert group_14(public, way)[8:].startswith(way)  # a SET OF is in order


def test_capabilities_say_extended_lengths() -> None:
    assert atr_info(4096).hex().upper() == "47030000407F66080202100002021000"


@pytest.mark.parametrize("form", list(ImageForm))
@pytest.mark.parametrize("grey", [False, True])
def test_a_portrait_opens_in_its_form(form: ImageForm, *, grey: bool) -> None:
    encoded = portrait(b"", form, grey=grey)
    start = {"jpeg": "ffd8ff", "jp2": "0000000c6a502020", "j2k": "ff4fff51"}[form]
    assert encoded.hex().startswith(start)
    picture = Image.open(io.BytesIO(encoded))
    picture.load()
    assert picture.size == SIZE
    assert picture.mode == ("L" if grey else "RGB")


def test_a_given_picture_is_cut_to_size() -> None:
    source = io.BytesIO()
    Image.new("RGB", (1000, 500), "red").save(source, "PNG")
    picture = Image.open(io.BytesIO(portrait(source.getvalue(), ImageForm.JPEG)))
    assert picture.size == SIZE
    red, green, _ = picture.convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert red > 200 > green
    with pytest.raises(ValueError, match="no picture"):
        portrait(b"text", ImageForm.JPEG)


@pytest.mark.parametrize("form", list(ImageForm))
def test_a_bomb_is_small_and_claims_to_be_huge(form: ImageForm) -> None:
    data = bomb(form)
    assert len(data) < 1000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))
