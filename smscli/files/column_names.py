"""What people call the columns of a contact list, in English and in the nine languages of our lists.

Knows headers alone, never what stands below them. Exact names are taken; what a name merely sounds like is
good for hints and guesses, and for stopping where somebody may have said stop.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from smscli.files.reading import fold

IGNORE = "ignore"
"""What `columns:` says of a role that no column has, whatever its name."""


class Role(StrEnum):
    """What a column can mean to smscli. Every other column is a field for texts."""

    PHONE = "phone"
    REGION = "region"  # the country of numbers that do not say theirs
    ZONE = "zone"
    STATE = "state"  # a part of a country, which may have hours and holidays of its own
    ZIP = "zip"
    LANGUAGE = "language"
    CONSENT = "consent"
    CONSENT_DATE = "consent_date"
    CONSENT_TOPICS = "consent_topics"
    CONSENT_SOURCE = "consent_source"
    OPT_OUT = "opt_out"


def words(*lines: str) -> tuple[str, ...]:
    """All words of these lines: a table of names is easier to read than a list of strings."""
    return tuple(" ".join(lines).split())


# Names that are taken without being mapped. Exact: `tel` inside `hotel` is no phone. Left out are names that
# too many lists use for something else: `to`, `tel`, `cell`; `komórka` is a cell of a sheet too, `cep` a
# postcode in Brazil, `numero` the number of a house. A name wrongly taken for a phone texts nobody: what is
# no number is a bad cell, and two such columns stop the list. A country wrongly taken would text strangers:
# that is why `region` is missing, which in most exports is a state, and CO is Colombia too. A state or a ZIP
# code can hold somebody back only, and a cell that is none says nothing: `state` may be that of an order.
NAMES: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        Role.PHONE: words(
            "phone phonenumber phoneno number msisdn e164 mobile mobilephone mobilenumber mobileno",
            "mobilephonenumber cellphone cellphonenumber telephone telephonenumber telephoneno smsnumber",
            "smsphonenumber contactnumber customerphone billingphone phonemobile handphone gsm",
            # Polish; the first also in German and Turkish
            "telefon numertelefonu nrtelefonu telefonkomórkowy numerkomórkowy numertelefonukomórkowego",
            # German
            "telefonnummer telefonnr telnr rufnummer handy handynummer handynr mobil mobilnummer mobilnr",
            "mobiltelefon mobilfunk mobilfunknummer mobilfunknr mobilrufnummer",
            # Spanish, Italian, Portuguese
            "teléfono númerodeteléfono teléfonomóvil teléfonocelular móvil númerodemóvil celular",
            "númerodecelular cellulare numerocellulare telefonocellulare numeroditelefono",
            "numerodicellulare telefone númerodetelefone telefonecelular telemóvel númerodetelemóvel",
            # French
            "numérodetéléphone téléphoneportable téléphonemobile portable numérodeportable numéroportable",
            # Greek
            "τηλέφωνο κινητό κινητότηλέφωνο αριθμόστηλεφώνου αριθμόσκινητού",
            # Russian
            "телефон номертелефона мобильный мобильныйтелефон номермобильноготелефона сотовый",
            "сотовыйтелефон",
            # Turkish
            "telefonno telefonnumarası ceptelefonu ceptelefonunumarası gsmno gsmnumarası",
        ),
        Role.REGION: words(
            "country countrycode countryiso countryiso2 countryisocode isocountry isocountrycode",
            "billingcountrycode defaultaddresscountrycode",
        ),
        Role.ZONE: words("timezone timezonename timezoneid ianatimezone zone tz"),
        # Of an address, as shops and CRMs call it. `region` is missing here as well; `county` is none, and an
        # `area`, a `district` or a `department` may be anything.
        Role.STATE: words(
            "state statecode stateabbreviation usstate usastate homestate stateofresidence province",
            "provincecode stateprovince state/province stateprovincecode stateorprovince state/region",
            "billingstate billingstatecode billingprovince billingprovincecode billingstate/province",
            "mailingstate mailingstate/province defaultaddressprovincecode",
        ),
        Role.ZIP: words(
            "zip zipcode uszip uszipcode zip5 postalcode postcode zippostalcode zip/postalcode",
            "zippostcode homezip homezipcode billingzip billingzipcode billingpostalcode billingpostcode",
            "billingzip/postalcode mailingzip mailingzipcode mailingpostalcode mailingzip/postalcode",
            "defaultaddresszip",
        ),
        Role.LANGUAGE: words("language languagecode lang langcode preferredlanguage locale preferredlocale"),
        Role.CONSENT: words("consent consentlevel levelofconsent"),
        Role.CONSENT_DATE: words(
            "consentdate consentedon consentedat consentgivenon consentgivenat dateofconsent",
            "consenttimestamp optindate smsconsentdate",
        ),
        Role.CONSENT_TOPICS: words("consenttopics topicsofconsent"),
        Role.CONSENT_SOURCE: words("consentsource sourceofconsent"),
        Role.OPT_OUT: (),  # never by its name alone
    }
)

#: Roles that a list may have or not: of two columns called so none is meant, until somebody says which.
TAKEN_ALONE = frozenset({Role.STATE, Role.ZIP})

#: A country to some, a state to most.
UNCLEAR_REGION = "region"

# A column that looks like an opt-out and is not mapped stops the list: to read over it texts people who said
# stop. Wrongly stopped costs a line in the campaigns file.
_OPT_OUT_NAMES = frozenset(
    words(
        "dnc dnd nosms notexts nocontact nomarketing stop stopped stopdate blocked removed objected",
        "objection baja bajas iptal отказ",
    )
)
_OPT_OUT_PARTS = words(
    "optout optedout unsub donotcontact donotcall donottext donotsms donotmessage donotdisturb dontcontact",
    "dontcall donttext blacklist blocklist denylist suppress stopsms revoked withdrawn withdrew",
    "abmeld abgemeldet widerruf widerspr gesperrt sperrliste keinesms keinewerbung nichtkontakt",
    "wypis rezygn sprzeciw wycofa niekontakt niewysyl zablokowan",
    "debaja fechabaja nocontact noenviar nomolestar listanegra",
    "desinscri desabon nepascontact nepasenvoy opposition listenoire",
    "disiscri noncontatt nonchiamare revocato listanera descadastr naocontat naocontact naoenviar",
    "отпис отказал отказот неписать незвонить неотправ черныисписок заблокир",
    "διαγραφ απεγγραφ μηνεπικοιν smsiptal abonelikiptal abonelikten karaliste gonderme",
)

# What names of columns with numbers sound like: good enough to be proposed, never to be taken.
_MOBILE_PARTS = words(
    "mobil handy cellph cellno cellnum cellul celular gsm komork komorek movil telemovel portable κινητ",
    "мобил сотов ceptel cepno cepnum msisdn handphone smsphone smsnumber",
)
_MOBILE_NAMES = frozenset(words("cell cep sms"))
_PHONE_PARTS = words("phone telef telno telnr telnum nrtel numertel numerodetel rufnummer e164 τηλεφ телеф")
_PHONE_NAMES = frozenset(words("tel number nummer numer numero to номер"))
_NOT_TO_TEXT = words(
    "fax landline home fixed work office business company emergency spouse parent guardian agent refer",
    "assistant shipping delivery other festnetz dienst geschaft firma notfall stacjonarn domow sluzbow fijo",
    "fisso fixe trabajo ufficio bureau σταθερ факс рабоч домашн sabit",
)

_PLAIN = str.maketrans({"ı": "i", "ł": "l"} | dict.fromkeys(".:*#?", ""))


def plain(name: str) -> str:
    """A header as its letters: folded, without accents and without the marks of forms: `Tel.-Nr.:*`."""
    letters = unicodedata.normalize("NFD", fold(name).translate(_PLAIN))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def names_of(role: Role) -> frozenset[str]:
    """The folded headers that have this role without being mapped. Whether one has, `is_named` tells."""
    return frozenset(NAMES[role])


_PLAIN_NAMES = MappingProxyType({role: frozenset(map(plain, names)) for role, names in NAMES.items()})


def is_named(header: str, role: Role) -> bool:
    """Has a column of this name that role without being mapped?"""
    return plain(header) in _PLAIN_NAMES[role]


def looks_like_opt_out(name: str) -> bool:
    """Does this header say that its column may hold opt-outs: `unsubscribed_at`, `SMS opt-out`, `DNC`."""
    letters = plain(name)
    return letters in _OPT_OUT_NAMES or any(part in letters for part in _OPT_OUT_PARTS)


def phone_rank(name: str) -> int | None:
    """How much a header sounds like numbers to text: 0 a mobile phone, 1 a phone, 2 a phone that is none to
    text (fax, office, somebody else's); None for anything else."""
    letters = plain(name)
    is_mobile = letters in _MOBILE_NAMES or any(part in letters for part in _MOBILE_PARTS)
    is_known = letters in _PHONE_NAMES or is_named(name, Role.PHONE)
    is_phone = is_mobile or is_known or any(part in letters for part in _PHONE_PARTS)
    if any(part in letters for part in _NOT_TO_TEXT):
        return 2 if is_phone or "fax" in letters or "факс" in letters else None
    return None if not is_phone else int(not is_mobile)
