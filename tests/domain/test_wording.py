"""The wording rules: for each what trips it and what nearly does, in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.campaign import Purpose, Severity
from smscli.domain.replies import ReplyClass
from smscli.domain.reply_words import classify
from smscli.domain.segments import Unsendable, measure
from smscli.domain.wording import CHECKS, DEFAULTS, Finding, Reading, WordingRule, read
from smscli.files.reply_words_file import reply_words
from smscli.files.wording_file import load_word_lists

ROOT = Path(__file__).parent.parent.parent
LISTS = load_word_lists()
REPLY_WORDS = reply_words()
NUMBER = "+12025550143"
NAME = "GreenGarage"
VIETNAM = {"VN": ("[QC]", "[AD]")}


@dataclass(frozen=True)
class Case:
    """A text, and where it goes."""

    body: str
    language: str = "en"
    brand: str = "Green Garage"
    sender: str = NUMBER
    values: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels_first: frozenset[str] = frozenset()

    def reading(self, purpose: Purpose) -> Reading:
        return Reading(
            body=self.body,
            language=self.language,
            purpose=purpose,
            brand=self.brand,
            sender=self.sender,
            segments=measure(self.body),
            sender_receives=self.sender.startswith("+"),
            countries=self.countries,
            values=self.values,
            labels=self.labels,
            labels_first=self.labels_first,
            understood=lambda word: classify(word, REPLY_WORDS).kind is ReplyClass.OPT_OUT,
        )

    def findings(self, purpose: Purpose, severities: Mapping[str, Severity] | None = None) -> list[Finding]:
        return list(read(self.reading(purpose), LISTS, severities or {}))


def case(body: str | Case, language: str = "en") -> Case:
    return body if isinstance(body, Case) else Case(body, language)


def purpose_of(rule: WordingRule) -> Purpose:
    """One in which the rule is asked."""
    is_off = DEFAULTS[Purpose.MARKETING][rule] is Severity.OFF
    return Purpose.TRANSACTIONAL if is_off else Purpose.MARKETING


def asked(rule: WordingRule) -> Mapping[str, Severity]:
    """What a campaign says to have it asked."""
    return {rule: Severity.WARN} if rule in OPTIONAL else {}


R = WordingRule
GG = "Green Garage: "

#: Languages, then texts; a Case has its own.
TRIPS: Mapping[WordingRule, tuple[tuple[str, str | Case], ...]] = {
    R.SENDER_NOT_NAMED: (
        ("en", "Winter tyres from Monday. Reply STOP to opt out"),
        ("pl", "Dzien dobry! Opony zimowe juz od poniedzialku, zapraszamy, Green Garage. Rezygnacja: STOP"),
        ("ru", "Пора менять шины! Отказ: СТОП"),
        ("en", Case("Your tyres are here", sender="InfoSMS")),
        ("en", Case("We changed your tyres", brand="Tyres & Co")),
    ),
    R.OPT_OUT_MISSING: (
        ("en", GG + "winter tyres from Monday. Book: https://gg.example/a1"),
        ("en", GG + "stop by on Monday, we have your size"),
        ("pl", GG + "opony zimowe od poniedzialku. Termin: https://gg.example/a1"),
        ("el", GG + "χειμερινά λάστιχα από Δευτέρα. Ραντεβού: https://gg.example/a1"),
        ("ru", GG + "пора на зимние: https://gg.example/a1"),
        ("de", GG + "Winterreifen ab Montag. Antworten Sie JA für einen Termin"),
        ("cs", GG + "zimní pneumatiky od pondělí"),
        ("en", GG + "reply YES to book a place"),
    ),
    R.OPT_OUT_OTHER_LANGUAGE: (
        ("pl", GG + "opony zimowe od poniedzialku. Reply STOP to opt out"),
        ("es", GG + "ruedas de invierno. To unsubscribe: https://gg.example/x"),
        ("ru", GG + "пора на зимние. Rezygnacja: STOP"),
        ("tr", GG + "kis lastikleri geldi. Reply STOP to opt out"),
    ),
    R.OPT_OUT_NOT_UNDERSTOOD: (
        ("en", GG + "winter tyres from Monday. Reply 2 to opt out"),
        ("en", GG + "winter tyres. Text NOMORE to unsubscribe"),
        ("pl", GG + "opony zimowe. Rezygnacja: odpisz KONIECZNIE"),
        ("es", GG + "ruedas de invierno. Para darse de baja responda ADIOS"),
        ("en", GG + 'winter tyres. To opt out reply "bye"'),
    ),
    R.OPT_OUT_NOT_RECEIVABLE: (
        ("en", Case("Winter tyres. Reply STOP to opt out", sender=NAME)),
        ("pl", Case("Opony zimowe. Rezygnacja: STOP", "pl", sender=NAME)),
        ("ru", Case("Пора на зимние. Отказ: СТОП", "ru", sender=NAME)),
        ("en", Case("Book: https://gg.example/a1 Reply STOP to opt out", sender=NAME)),
    ),
    R.LABEL_MISSING: (
        ("en", Case(GG + "tyres. STOP 3344", countries=("VN",), labels=VIETNAM)),
        ("tr", Case(GG + "lastik", "tr", countries=("TR",), labels={"TR": ("KAMPANYA", "TANITIM")})),
        (
            "en",
            Case(
                GG + "tyres [QC]",
                countries=("VN",),
                labels=VIETNAM,
                labels_first=frozenset({"VN"}),
            ),
        ),
        ("ko", Case(GG + "타이어", "ko", countries=("PL", "KR"), labels={"KR": ("(광고)",)})),
    ),
    R.ASKS_PERSONAL_DATA: (
        ("en", GG + "to keep your place, reply with your card number"),
        ("en", GG + "we lost your file, please send us your PIN"),
        ("en", GG + "text us the code to go on"),
        ("pl", GG + "aby potwierdzić, podaj PESEL"),
        ("pl", GG + "wyślij swoje hasło na ten numer"),
        ("el", GG + "στείλτε το ΑΦΜ σας"),
        ("ru", GG + "для записи пришлите ИНН"),
        ("es", GG + "para confirmar, envíenos su DNI"),
        ("id", GG + "kirim foto KTP Anda"),
        ("de", GG + "bitte senden Sie uns Ihre IBAN"),
        ("fr", GG + "répondez avec votre mot de passe"),
        ("tr", GG + "parolanızı bize gönderin"),
        ("pt", GG + "informe o seu CPF"),
        ("it", GG + "inviaci il tuo codice fiscale"),
        ("fr", GG + "envoyez-nous votre IBAN"),
    ),
    R.UNRENDERED_PLACEHOLDER: (
        ("en", GG + "hello {first_name}, your bike is ready"),
        ("en", GG + "hello [NAME], your bike is ready"),
        ("pl", GG + "dzien dobry %IMIE%, rower gotowy"),
        ("es", GG + "hola <<nombre>>, tu bici te espera"),
        ("en", GG + "hello ${name}, your bike is ready"),
        ("en", GG + "your code is undefined"),
        ("de", GG + "Hallo ((vorname)), Ihr Rad ist fertig"),
    ),
    R.PROMOTION_IN_TRANSACTIONAL: (
        ("en", GG + "your bike is ready. Ask about our discount"),
        ("de", GG + "Ihr Rad ist fertig. Dazu 20% Rabatt auf Licht"),
        ("es", GG + "tu bici te espera, y un descuento también"),
        ("id", GG + "sepeda Anda sudah siap, ada diskon lampu"),
        ("tr", GG + "bisikletiniz hazir, kasklarda indirim var"),
    ),
    R.PUBLIC_SHORTENER: (
        ("en", GG + "book: https://bit.ly/3xYz"),
        ("pl", GG + "termin: tinyurl.com/opony"),
        ("ru", GG + "запись: http://www.t.co/abc"),
        ("es", GG + "cita: cutt.ly/x."),
    ),
    R.PLAIN_HTTP: (
        ("en", GG + "book: http://gg.example/a1"),
        ("en", GG + "book: HTTP://GG.EXAMPLE/A1"),
        ("pl", GG + "termin (http://gg.example/a1)"),
    ),
    R.MOJIBAKE: (
        ("pl", "Green Garage: MiÅ‚osz, rower gotowy"),
        ("es", "Green Garage: mañana te toca, LucÃ\u00ada"),
        ("fr", "Green Garage: le cafÃ© est ouvert"),
        ("de", "Green Garage: M\ufffdller, Ihr Rad ist fertig"),
        ("ru", "Green Garage: Ïðèâåò"),
    ),
    R.LOOK_ALIKE_LETTERS: (
        ("en", GG + "log in at Pаypal now"),
        ("ru", GG + "ответьте CTOП"),
        ("ru", GG + "вaш велосипед готов"),
        ("en", GG + "𝗕𝗶𝗴 news"),
        ("en", GG + "ｂｉｇ news"),
        ("el", GG + "κaλημέρα σας"),
    ),
    R.INVISIBLE_CHARACTERS: (
        ("en", GG + "your bi\u200bke is ready"),
        ("de", GG + "Winter\u00adreifen ab Montag"),
        ("en", "\ufeff" + GG + "your bike is ready"),
        ("ru", GG + "ваш вело\u2060сипед готов"),
        ("en", GG + "your bike\u202e is ready"),
        ("en", GG + "your bike\x07 is ready"),
    ),
    R.GSM7_BREAKERS: (
        ("en", GG + "we’re open again from Monday on, and your bike is ready to be picked up"),
        ("pl", GG + "rower gotowy – zapraszamy od poniedzialku do soboty, w godzinach 8 do 18"),
        ("de", GG + "Ihr Rad ist fertig und wartet auf Sie… Kommen Sie gern bis 18 Uhr vorbei"),
        ("es", GG + "tu bici te espera desde el lunes,\u00a0de nueve a seis, en la calle Mayor 5"),
    ),
    R.EMOJI: (
        ("en", GG + "tyres 🎉🎉🎉 Reply STOP to opt out"),
        ("pl", GG + "rodzinne opony 👨‍👩‍👧‍👦 Rezygnacja: STOP"),
        ("en", GG + "winter tyres from Monday on, for you and for your family too 🚲 Reply STOP to opt out"),
        ("es", GG + "ruedas ❤️ de ❤️ invierno ❤️"),
    ),
    R.JUST_OVER: (
        ("en", "a" * 161),
        ("en", "word " * 32 + "ab"),
        ("ru", "д" * 72),
        ("en", "a" * 307),
        ("ru", "д" * 135),
        ("en", "a" * 159 + "€"),
    ),
    R.STRAY_SPACES: (
        ("en", GG + "hello  Ann, your bike is ready"),
        ("en", GG + "hello , your bike is ready"),
        ("pl", GG + "rower gotowy "),
        ("fr", GG + "votre vélo est prêt , à demain"),
        ("de", GG + "Ihr Rad ist fertig\n\n\nBis morgen"),
    ),
    R.SHOUTING: (
        ("en", GG + "BUY WINTER TYRES NOW"),
        ("en", GG + "winter tyres are here!!!"),
        ("pl", GG + "OPONY ZIMOWE TANIEJ, zapraszamy"),
        ("ru", GG + "СРОЧНО МЕНЯЙТЕ ШИНЫ сегодня"),
        ("es", GG + "GRANDES descuentos, RUEDAS nuevas, LLANTAS lindas"),
        ("de", GG + "Haben Sie schon Winterreifen???"),
    ),
    R.LEET: (
        ("id", GG + "selamat p4g1, ban sudah siap"),
        ("en", GG + "fr33 air for your tyres"),
        ("en", GG + "gr8 tyres"),
        ("en", GG + "w1n c@sh today"),
        ("es", GG + "s3l4m4t"),
    ),
    R.ABBREVIATIONS: (
        ("en", GG + "thx for your order"),
        ("en", GG + "we call u tomorrow"),
        ("id", GG + "kami g buka besok"),
        ("en", GG + "btw, your bike is ready"),
    ),
    R.ONE_WORD: (("en", "Ready"), ("en", "4711"), ("ru", "Готово!"), ("pl", "Termin: https://gg.example/a1")),
    R.MANY_SENTENCES: (
        ("en", GG + "your bike is ready. We are open until 18:00. Please bring the receipt."),
        (
            "pl",
            GG + "rower juz jest gotowy. Czynne do godz. 18. Prosimy zabrac paragon! Do zobaczenia jutro.",
        ),
        ("el", GG + "έτοιμο το ποδήλατο σας. Θα περάσετε αύριο το πρωί; Είμαστε εδώ ως τις έξι."),
        ("ru", GG + "ваш велосипед готов. Мы открыты до шести. Возьмите с собой чек."),
        ("de", GG + "Ihr Rad ist fertig. Wir haben bis 18:00 offen. Der Beleg reicht uns. Abmelden: STOP"),
    ),
    R.ONE_WAY_OUT: (
        ("en", GG + "tyres. Reply STOP to opt out"),
        ("en", GG + "tyres. Reply STOP or QUIT to opt out"),
        ("en", GG + "tyres: https://gg.example/a1 Reply STOP to opt out"),
        ("en", GG + "tyres. To opt out text STOP to +1 202 555 0143"),
        ("pl", GG + "opony. Rezygnacja: https://gg.example/x"),
        ("ru", GG + "пора на зимние. Отказ: СТОП"),
    ),
    R.NOT_PERSONAL: (
        ("en", GG + "your bike is ready"),
        ("pl", GG + "rower gotowy"),
        ("en", GG + "hello Ann, your bike is ready"),
    ),
    R.SEVERAL_SEGMENTS: (
        ("en", "a" * 161),
        ("en", "a" * 159 + "€"),
        ("ru", "д" * 71),
        ("pl", "ą" + "a" * 70),
    ),
}

NEAR_MISSES: Mapping[WordingRule, tuple[tuple[str, str | Case], ...]] = {
    R.SENDER_NOT_NAMED: (
        ("en", GG + "winter tyres from Monday"),
        ("pl", Case("Lodz Rowery: opony zimowe", "pl", brand="Łódź Rowery")),
        ("en", Case("Your tyres are here", sender="GreenGarage")),
        ("en", Case("Your tyres are here", sender="Garage")),
        ("ru", "Это GREEN-GARAGE: пора на зимние"),
        ("el", Case("Το συνεργείο ΦΩΣ: έτοιμο", "el", brand="Φως")),
        ("en", "Good morning Ann, this is Green Garage. Your tyres are here"),
    ),
    R.OPT_OUT_MISSING: (
        ("en", GG + "tyres. Reply STOP to opt out"),
        ("en", GG + "tyres. Unsubscribe: https://gg.example/x"),
        ("en", GG + "tyres. Txt STOP to 12345"),
        ("en", GG + "tyres. To opt out call +1 202 555 0143"),
        ("en", GG + "tyres. Opt out: stop@gg.example"),
        ("pl", GG + "opony. Rezygnacja: STOP"),
        ("pl", GG + "opony. Wypisz sie: gg.com/x"),
        ("pl", GG + "opony. Rezygnacja: SMS o tresci STOP na nr 3344"),
        ("el", GG + "λάστιχα. Διακοπή: STOP"),
        ("el", GG + "ΛAΣTIXA. ΔIAKOΠH: STOP"),
        ("ru", GG + "пора на зимние. Отказ: СТОП"),
        ("es", GG + "ruedas. Baja: responda STOP"),
        ("es", GG + "ruedas. Envía BAJA al 3344"),
        ("id", GG + "ganti ban. Balas STOP untuk berhenti"),
        ("de", GG + "Reifen. Abmelden: STOP an 3344"),
        ("fr", GG + "pneus. STOP au 36123"),
        ("fr", GG + "pneus. Pour ne plus recevoir de SMS, répondez STOP"),
        ("tr", GG + "lastik. Listeden cikmak icin RET yazip 3344'e gonderin"),
        ("pt", GG + "pneus. Para sair responda SAIR"),
        ("it", GG + "gomme. Per non ricevere altri SMS rispondi STOP"),
        ("cs", GG + "pneumatiky. Pro odhlášení STOP"),
        ("en", GG + "tyres. STOP=end"),
        ("ru", GG + "шины. Отключить рассылку: СТОП"),
        ("fr", GG + "pneus. Stop sms : 36123"),
        ("ja", GG + "冬用タイヤ入荷。配信停止はSTOPと返信"),
        ("vi", GG + "lop xe. Tu choi: https://gg.example/x"),
    ),
    R.OPT_OUT_OTHER_LANGUAGE: (
        ("pl", GG + "opony. Rezygnacja: STOP"),
        ("fr", GG + "pneus. STOP au 36123"),
        ("es", GG + "ruedas. Envía BAJA al 3344"),
        ("cs", GG + "pneumatiky. Reply STOP to opt out"),
        ("pt-BR", GG + "pneus. Para sair responda STOP"),
    ),
    R.OPT_OUT_NOT_UNDERSTOOD: (
        ("en", GG + "tyres. Reply STOP to opt out"),
        ("en", GG + "tyres. Reply QUIT or STOP to opt out"),
        ("en", GG + "stop by and reply YES. Reply STOP to opt out"),
        ("en", GG + "tyres. Opt out: https://gg.example/x"),
        ("ru", GG + "шины. Отказ: СТОП"),
        ("es", GG + "ruedas. Envía BAJA al 3344"),
        ("tr", GG + "lastik. RET yazip 3344'e gonderin"),
    ),
    R.OPT_OUT_NOT_RECEIVABLE: (
        ("en", Case("Tyres. Opt out: https://gg.example/x", sender=NAME)),
        ("fr", Case("Pneus. STOP au 36123", "fr", sender=NAME)),
        ("pl", Case("Opony. Rezygnacja: SMS STOP na nr 3344", "pl", sender=NAME)),
        ("en", Case("Tyres. Text STOP to +1 202 555 0143 to opt out", sender=NAME)),
        ("en", Case(GG + "tyres. Reply STOP to opt out")),
    ),
    R.LABEL_MISSING: (
        (
            "en",
            Case("[QC] " + GG + "tyres", countries=("VN",), labels=VIETNAM, labels_first=frozenset({"VN"})),
        ),
        ("en", Case(GG + "tyres", countries=("PL",), labels=VIETNAM)),
        ("tr", Case(GG + "lastik kampanya", "tr", countries=("TR",), labels={"TR": ("KAMPANYA", "TANITIM")})),
        ("en", Case("Tyres", sender="AD-Garage", countries=("AE",), labels={"AE": ("AD-",)})),
    ),
    R.ASKS_PERSONAL_DATA: (
        ("en", GG + "we never ask for your PIN"),
        ("en", GG + "do not send your password to anyone"),
        ("en", GG + "your pick-up code is 4711"),
        ("en", GG + "code 4711. Do not share this code"),
        ("en", GG + "enter your PIN 4711 at the door"),
        ("en", GG + "your password was changed"),
        ("en", GG + "reply YES to confirm your place"),
        ("en", GG + "give us a call about your card"),
        ("en", GG + "send the invoice to IBAN DE89370400440532013000"),
        ("pl", GG + "nigdy nie pytamy o PIN, nie podawaj go nikomu"),
        ("pl", GG + "hasło zostało zmienione, podaj kod 4711 przy odbiorze"),
        ("ru", GG + "код 4711. Никому не сообщайте пароль"),
        ("ru", GG + "сообщите код 4711 курьеру"),
        ("es", GG + "nunca envíe su contraseña"),
        ("id", GG + "jangan kirim PIN Anda"),
        ("fr", GG + "n'envoyez jamais votre mot de passe"),
        ("tr", GG + "parolanızı kimseyle paylaşmayın"),
        ("de", GG + "Ihr Passwort wurde geändert"),
        ("en", GG + "forgot your PIN? Text HELP"),
    ),
    R.UNRENDERED_PLACEHOLDER: (
        ("en", "[QC] " + GG + "tyres"),
        ("en", GG + "tyres 20% cheaper"),
        ("en", GG + "see https://gg.example/?q=%7Bname%7D"),
        ("en", GG + "tyres {19 and 20 inch}"),
        ("pl", GG + "rower #4711 gotowy, stanowisko #2"),
        ("en", GG + "tyres for $20 or $30"),
    ),
    R.PROMOTION_IN_TRANSACTIONAL: (
        ("en", GG + "your bike is ready, the yard is free of snow"),
        ("de", GG + "Ihr Rad ist fertig, Rechnung 20,50 EUR"),
        ("pl", GG + "rower gotowy, rabat wpisany na fakture"),  # nobody confirmed the word
        ("es", GG + "tu bici te espera, sin coste alguno"),
    ),
    R.PUBLIC_SHORTENER: (
        ("en", GG + "book: https://gg.example/bit.ly"),
        ("en", GG + "book: https://orbit.ly/x"),
        ("pl", GG + "termin: gg.ly/x, napisz na info@bit.ly"),
        ("en", GG + "bit by bit, we mend it"),
    ),
    R.PLAIN_HTTP: (
        ("en", GG + "book: https://gg.example/a1"),
        ("en", GG + "book: gg.com/a1"),
        ("en", GG + "we moved to https from http"),
    ),
    R.MOJIBAKE: (
        ("pl", GG + "Miłosz, rower gotowy, żółć i gęś"),
        ("fr", GG + "l'été à Orléans, où ça ?"),
        ("pt", GG + "AMANHÃ não há pão"),
        ("tr", GG + "şimdi İstanbul'da, Çiğdem Hanım"),
        ("el", GG + "έτοιμο το ποδήλατο, Ηλία"),
        ("de", GG + "12 m³, Größe 5 – ‚schön‘"),
    ),
    R.LOOK_ALIKE_LETTERS: (
        ("el", GG + "ΛAΣTIXA ΔIAKOΠH"),
        ("ru", GG + "SMS-сообщение, SMSки и e-mail"),
        ("el", GG + "γράψτε στο e-mail μας"),
        ("en", GG + "4.7 kΩ, 5 μm, Zoë, piñata"),
        ("ja", GG + "自転車のＡ"),
        ("ru", GG + "СТОП Катя"),
    ),
    R.INVISIBLE_CHARACTERS: (
        ("en", GG + "family 👨‍👩‍👧‍👦"),
        ("fa", GG + "می\u200cخواهم"),
        ("he", GG + "שלום\u200e 5"),
        ("en", GG + "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
        ("en", GG + "two\nlines"),
        ("en", GG + "a no-break\u00a0space is seen by other rules"),
    ),
    R.GSM7_BREAKERS: (
        ("en", GG + "we’re open"),
        ("ru", GG + "«велосипед» готов – ждём вас с понедельника по субботу с восьми до шести"),
        ("pl", GG + "rower gotowy, czekamy na Państwa od poniedziałku do soboty, od 8 do 18"),
        ("en", GG + 'it\'s "ready" - come by... We are here from Monday to Saturday, from 8 to 18'),
    ),
    R.EMOJI: (
        ("en", GG + "tyres 🎉 Reply STOP to opt out"),
        ("en", GG + "tyres 🎉🎉"),
        ("en", GG + "Green® tyres ©"),
        ("ru", GG + "шины 🚲 Отказ: СТОП"),
    ),
    R.JUST_OVER: (
        ("en", "a" * 160),
        ("en", "a" * 163),
        ("ru", "д" * 73),
        ("ru", "д" * 70),
        ("en", "a" * 306),
        ("en", "ab"),
    ),
    R.STRAY_SPACES: (
        ("en", GG + "hello Ann, your bike is ready"),
        ("fr", GG + "votre vélo est prêt ! À demain ?"),
        ("en", GG + "line one\n\nline two"),
        ("en", GG + "smile :) or .5 of it"),
    ),
    R.SHOUTING: (
        ("en", GG + "SALE from Monday!"),
        ("en", GG + "tyres. Reply STOP to opt out"),
        ("en", Case(GG + "hello ANNA MARIA KOWALSKA", values=("ANNA MARIA KOWALSKA",))),
        ("en", Case("ACME BIKE WORKS: your bike is ready", brand="ACME BIKE WORKS")),
        ("el", "Green Garage: ΛAΣTIXA AΠO ΔEYTEPA KAI META"),
        ("en", GG + "the GPS and USB of your BMW are mended"),
        ("en", GG + "really?! Yes!"),
        ("ja", GG + "冬用タイヤ入荷。配信停止はSTOPと返信してくださいませ"),
    ),
    R.LEET: (
        ("en", GG + "code A4B7, 5G, 24h, B2B, mp3"),
        ("en", GG + "see https://gg.example/fr33"),
        ("en", Case(GG + "your voucher w1n", values=("w1n",))),
        ("en", GG + "3rd floor, 10km, covid19, h1n1, win10"),
        ("id", GG + "pagi jam 8"),
        ("en", GG + "write to ann@gg.example or @green"),
    ),
    R.ABBREVIATIONS: (
        ("en", GG + "thanks for your order, we call you"),
        ("pl", GG + "pzdr z warsztatu"),  # nobody confirmed the list
        ("id", GG + "500 g kopi"),
        ("en", Case(GG + "hello U Thant", values=("U Thant",))),
        ("de", GG + "u ist ein Buchstabe"),
    ),
    R.ONE_WORD: (
        ("en", "Bike ready"),
        ("pl", "Rower gotowy"),
        ("ja", "自転車の修理が終わりました"),
        ("en", "Code: 4711 (Green)"),
    ),
    R.MANY_SENTENCES: (
        ("en", GG + "your bike is ready. Bring the receipt to us. Reply STOP to opt out"),
        ("en", "Hi Ann! " + GG + "your bike is ready. Bring the receipt. Thank you!"),
        ("pl", GG + "rower gotowy, ul. Mokotowska 5. Czynne od godz. 8. Rezygnacja: STOP"),
        ("de", GG + "z.B. am 3. Mai um 9.30 Uhr. Kosten ca. 20 EUR inkl. MwSt."),
        ("el", GG + "έτοιμο το ποδήλατο· περάστε αύριο. Τι ώρα σας βολεύει;"),
        ("ru", GG + "велосипед готов, ул. Ленина, д. 5, с 9.30 до 18.00. Ждём вас..."),
        ("en", GG + "tyres at 9.5 EUR, see www.gg.com. Dr. Smith of Main St. waits for you... in the yard."),
    ),
    R.ONE_WAY_OUT: (
        ("en", GG + "tyres. Opt out: reply STOP or https://gg.example/x"),
        ("en", GG + "tyres. Reply STOP or open https://gg.example/x to opt out"),
        ("en", GG + "tyres. To opt out reply STOP or call +1 202 555 0143"),
        ("ru", GG + "пора на зимние. Отказ: СТОП или https://gg.example/x"),
        ("pl", GG + "opony. Rezygnacja: odpisz STOP lub stop@gg.example"),
        ("en", GG + "tyres, no way out at all"),
    ),
    R.NOT_PERSONAL: (
        ("en", Case(GG + "hello Ann, your bike is ready", values=("Ann",))),
        ("pl", Case(GG + "rower KX-4 gotowy", "pl", values=("KX-4",))),
        ("en", Case(GG + "9.50 EUR to pay", values=("9.50",))),
    ),
    R.SEVERAL_SEGMENTS: (
        ("en", "a" * 160),
        ("en", "a" * 158 + "€"),
        ("ru", "д" * 70),
    ),
}

#: Rules that nobody is asked to keep who does not ask for them.
OPTIONAL = frozenset(
    rule for rule in WordingRule if {DEFAULTS[purpose][rule] for purpose in Purpose} == {Severity.OFF}
)


def cases(table: Mapping[WordingRule, tuple[tuple[str, str | Case], ...]]) -> Iterator[object]:
    for rule, texts in table.items():
        for at, (language, text) in enumerate(texts):
            yield pytest.param(rule, case(text, language), id=f"{rule}-{at}-{language}")


@pytest.mark.parametrize(("rule", "text"), list(cases(TRIPS)))
def test_what_a_rule_looks_for_is_found(rule: WordingRule, text: Case) -> None:
    assert rule in {each.rule for each in text.findings(purpose_of(rule), asked(rule))}


@pytest.mark.parametrize(("rule", "text"), list(cases(NEAR_MISSES)))
def test_what_only_looks_like_it_is_left_alone(rule: WordingRule, text: Case) -> None:
    found = text.findings(purpose_of(rule), asked(rule))
    assert [each for each in found if each.rule is rule] == []


@pytest.mark.parametrize("rule", WordingRule)
def test_each_rule_has_texts_that_trip_it_and_near_misses(rule: WordingRule) -> None:
    assert len(TRIPS[rule]) >= 3
    assert len(NEAR_MISSES[rule]) >= 3


def test_each_rule_is_asked_once_and_in_the_order_of_its_codes() -> None:
    assert [check.rule for check in CHECKS] == list(WordingRule)
    assert all(DEFAULTS[purpose].keys() == set(WordingRule) for purpose in Purpose)


# --- what people are told of a rule ---


def told(rule: WordingRule, body: str) -> Case:
    name = rule is R.OPT_OUT_NOT_RECEIVABLE
    vietnam = rule is R.LABEL_MISSING
    return Case(
        body,
        sender="Workshop" if name else NUMBER,
        countries=("VN",) if vietnam else (),
        labels=VIETNAM if vietnam else {},
        labels_first=frozenset({"VN"}),
        values=("Ann",) if "Ann" in body else (),
    )


def heaviest(rule: WordingRule) -> Purpose:
    weights = list(Severity)
    return max(reversed(Purpose), key=lambda purpose: weights.index(DEFAULTS[purpose][rule]))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.rule))
def test_the_example_of_a_rule_trips_it_and_what_to_write_instead_trips_none(check: object) -> None:
    check = next(each for each in CHECKS if each is check)
    purpose = heaviest(check.rule)
    switched = asked(check.rule)
    assert check.rule in {each.rule for each in told(check.rule, check.trips).findings(purpose, switched)}
    assert told(check.rule, check.instead).findings(purpose, switched) == []


# --- good texts ---


def examples() -> Iterator[object]:
    campaigns = yaml.safe_load((ROOT / "campaigns.example.yaml").read_text("utf-8"))["campaigns"]
    filled = {"link": "https://gg.example/a1", "code": "4711"}
    for name, campaign in campaigns.items():
        for language, text in campaign["text"].items():
            for first_name in ("Ann", "Łucja", "Ηλίας", "Катя", "JAN"):
                values = {**filled, "first_name": first_name}
                body = re.sub(r"\{\{ (\w+) \}\}", lambda gap: values[gap[1]], text)  # noqa: B023
                rendered = Case(body, language, values=tuple(values.values()))
                yield pytest.param(
                    rendered, Purpose(campaign["purpose"]), id=f"{name}-{language}-{first_name}"
                )


@pytest.mark.parametrize(("text", "purpose"), list(examples()))
def test_the_texts_of_the_example_are_good(text: Case, purpose: Purpose) -> None:
    assert text.findings(purpose) == []


MARKETING_TEXTS = (
    ("en", "Green Garage: Ann, free tyre check this Saturday from 9:00 to 13:00. Reply STOP to opt out"),
    (
        "en",
        "Green Garage: 20% off winter tyres until Dec. 5! Book at https://gg.example/a1. Opt out: reply STOP",
    ),
    ("en", "Hi Ann, it's Green Garage. New bikes are in, from $499.99. Txt STOP to end"),
    ("pl", "Green Garage: Pani Anno, w sobotę przegląd roweru za 49,90 zł. Aby zrezygnować, odpisz STOP"),
    ("pl", "Green Garage: serwis rowerow, ul. Dluga 5, pon.-pt. 9-17. Rezygnacja: odpisz STOP"),
    ("el", "Green Garage: Σάββατο δωρεάν έλεγχος ελαστικών, 9:00-13:00. Για διαγραφή στείλτε STOP"),
    ("ru", "Green Garage: в субботу бесплатная проверка шин, с 9:00 до 13:00. Отказ: ответьте СТОП"),
    ("es", "Green Garage: revisión gratis este sábado de 9 a 13 h. Para darse de baja responda BAJA"),
    ("id", "Green Garage: servis sepeda Sabtu ini, Rp 50.000. Balas STOP untuk berhenti"),
    ("de", "Green Garage: Samstag kostenloser Reifencheck, 9-13 Uhr, Hauptstr. 5. Abmelden: STOP antworten"),
    ("fr", "Green Garage : contrôle gratuit des pneus samedi de 9h à 13h ! STOP au 36123"),
    (
        "tr",
        "Green Garage: cumartesi ücretsiz lastik kontrolü, 9.00-13.00. İptal için RET yazıp 3344'e gönderin",
    ),
    ("pt", "Green Garage: sábado, revisão grátis das 9h às 13h. Para sair responda SAIR"),
    ("it", "Green Garage: sabato controllo gomme gratuito, 9-13. Per non ricevere altri SMS rispondi STOP"),
)
TRANSACTIONAL_TEXTS = (
    ("en", "Green Garage: 4711 is your code. Do not share it with anyone."),
    (
        "en",
        "Green Garage: Ann, your appointment is on Mon. Nov. 23 at 9:30 a.m. Call +1 202 555 0143",
    ),
    ("en", "Green Garage: we got your payment of EUR 49.90. Thank you!"),
    ("pl", "Green Garage: rower gotowy, do zapłaty 149,90 zł. Czynne do godz. 18:00, ul. Długa 5."),
    ("el", "Green Garage: το ραντεβού σας είναι στις 23/11, 9:30. Κωδικός 4711."),
    ("ru", "Green Garage: код 4711. Никому его не сообщайте."),
    ("es", "Green Garage: su cita es el 23/11 a las 9:30. ¿Cambiarla? Llame al 912 345 678."),
    ("id", "Green Garage: kode Anda 4711. Jangan berikan kepada siapa pun."),
    ("de", "Green Garage: Ihr Termin ist am 3. Mai um 9.30 Uhr. Änderungen unter 030 1234567."),
    ("fr", "Green Garage : votre vélo est prêt. Code 4711, ouvert jusqu'à 18h30."),
    ("tr", "Green Garage: bisikletiniz hazır. Kodunuz 4711, kimseyle paylaşmayın."),
    ("pt", "Green Garage: a sua bicicleta está pronta. Código 4711."),
    ("it", "Green Garage: la sua bici è pronta. Codice 4711, via Roma 5."),
    ("en", "Green Garage: how was our service? Reply 1 to 5."),
)


@pytest.mark.parametrize(("language", "body"), MARKETING_TEXTS)
def test_a_good_text_of_marketing_is_left_alone(language: str, body: str) -> None:
    assert Case(body, language).findings(Purpose.MARKETING) == []


@pytest.mark.parametrize(("language", "body"), TRANSACTIONAL_TEXTS)
def test_a_good_text_that_people_wait_for_is_left_alone(language: str, body: str) -> None:
    assert Case(body, language).findings(Purpose.TRANSACTIONAL) == []


def test_what_only_some_want_is_off_until_they_ask() -> None:
    assert {R.ONE_WAY_OUT, R.NOT_PERSONAL, R.SEVERAL_SEGMENTS} == OPTIONAL


@pytest.mark.parametrize(
    ("body", "kept", "over"),
    [("a" * 165, 160, 5), ("a" * 159 + "€b", 159, 2), ("д" * 80, 70, 10)],
)
def test_a_text_of_several_segments_says_what_has_to_go(body: str, kept: int, over: int) -> None:
    found = Case(body).findings(Purpose.TRANSACTIONAL, {R.SEVERAL_SEGMENTS: Severity.WARN})
    [several] = [each for each in found if each.rule is R.SEVERAL_SEGMENTS]
    assert (several.start, several.end, several.saves) == (kept, len(body), 1)
    assert f"cut {over} units" in several.suggestion


# --- severities ---

LOUD = Case(GG + "BUY WINTER TYRES NOW. Reply STOP to opt out")


def test_a_campaign_says_how_much_a_rule_weighs() -> None:
    assert [each.severity for each in LOUD.findings(Purpose.MARKETING)] == [Severity.WARN]
    refused = LOUD.findings(Purpose.MARKETING, {"shouting": Severity.REFUSE})
    assert [each.severity for each in refused] == [Severity.REFUSE]
    assert LOUD.findings(Purpose.MARKETING, {"shouting": Severity.OFF}) == []


def test_a_rule_that_is_off_for_a_purpose_can_be_switched_on() -> None:
    silent = Case(GG + "your bike is ready")
    assert silent.findings(Purpose.TRANSACTIONAL) == []
    found = silent.findings(Purpose.TRANSACTIONAL, {"opt_out_missing": Severity.WARN})
    assert [each.rule for each in found] == [R.OPT_OUT_MISSING]


def test_words_that_nobody_confirmed_count_only_where_the_rule_is_asked_for_by_name() -> None:
    short = Case(GG + "pzdr z warsztatu", "pl")
    assert short.findings(Purpose.TRANSACTIONAL) == []
    found = short.findings(Purpose.TRANSACTIONAL, {"abbreviations": Severity.WARN})
    assert [(each.rule, each.suggestion) for each in found] == [(R.ABBREVIATIONS, 'write "pozdrawiam"')]
    assert short.findings(Purpose.TRANSACTIONAL, {"abbreviations": Severity.OFF}) == []


def test_what_nobody_can_say_of_an_opt_out_word_is_not_held_against_it() -> None:
    reading = Case(GG + "tyres. Reply 2 to opt out").reading(Purpose.MARKETING)
    asked = Reading(
        **{name: getattr(reading, name) for name in reading.__slots__ if name != "understood"},
        understood=None,
    )
    assert read(asked, LISTS, {}) == ()


# --- places and savings ---


def applied(body: str, finding: Finding) -> str:
    assert finding.replacement is not None
    return body[: finding.start] + finding.replacement + body[finding.end :]


def test_a_curly_quote_is_named_with_what_it_costs() -> None:
    body = GG + "we’re open again from Monday on – and your bike is ready to be picked up"
    (found,) = Case(body).findings(Purpose.TRANSACTIONAL)
    assert (found.rule, found.saves) == (R.GSM7_BREAKERS, 1)
    assert "’" in found.message
    assert "–" in found.message
    assert measure(applied(body, found)).count == 1


def test_a_text_just_over_says_how_many_units_to_cut() -> None:
    (found,) = [each for each in Case("a" * 162).findings(Purpose.TRANSACTIONAL) if each.rule is R.JUST_OVER]
    assert found.message.startswith("2 units")
    assert (found.start, found.end, found.saves) == (160, 162, 1)


def test_a_place_is_that_of_the_word() -> None:
    body = GG + "we lost your file, please send us your PIN"
    (found,) = Case(body).findings(Purpose.TRANSACTIONAL)
    assert body[found.start : found.end] == "PIN"


PIECES = st.sampled_from(
    [
        GG,
        "Reply STOP to opt out",
        "http://bit.ly/x",
        "’",
        "…",
        "  ",
        " ,",
        "🎉",
        "👨‍👩‍👧",
        "Pаypal",
        "send us your PIN",
        "СТОП",
        "ΔIAKOΠH",
        "fr33",
        "{name}",
        "\u200b",
        "MiÅ‚osz",
        ". ",
        "BUY IT NOW",
        "a" * 70,
        "д" * 60,
        "€",
        "\n\n\n",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=8).map("".join))


@settings(max_examples=150, deadline=None)
@given(
    TEXTS, st.sampled_from([*LISTS.by_language, "cs", "pt-BR", ""]), st.sampled_from(Purpose), st.booleans()
)
def test_no_text_is_too_odd_and_what_is_said_to_be_saved_is(
    body: str, language: str, purpose: Purpose, by_name: bool
) -> None:
    try:
        segments = measure(body)
    except Unsendable:
        return
    sender = NAME if by_name else NUMBER
    everything = dict.fromkeys(map(str, WordingRule), Severity.WARN)
    for found in Case(body, language, sender=sender).findings(purpose, everything):
        assert 0 <= found.start <= found.end <= len(body)
        assert found.saves >= 0
        assert found.message
        if found.replacement is not None:
            try:
                count = measure(applied(body, found)).count
            except Unsendable:
                count = segments.count
            assert max(0, segments.count - count) == found.saves
