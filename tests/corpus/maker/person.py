# SPDX-License-Identifier: Apache-2.0
"""person: one invented person with every identifier, written in the ways of the split that it is made for.

Numbers are valid where a check of their form exists (SSN, MBI, NPI), telephone numbers are of the range 555-0100 to 555-0199, and
addresses of domains for examples. No identifier is of anybody.
"""

import datetime
import re
import unicodedata

MONTHS = "January February March April May June July August September October November December".split()
PLACES = [  # city, state, ZIP codes that begin so, telephone areas
    ("Springfield", "IL", "627", "217"),
    ("Peoria", "IL", "616", "309"),
    ("Duluth", "MN", "558", "218"),
    ("Toledo", "OH", "436", "419"),
    ("Tacoma", "WA", "984", "253"),
    ("El Paso", "TX", "799", "915"),
    ("St. Paul", "MN", "551", "651"),
    ("Baton Rouge", "LA", "708", "225"),
    ("Worcester", "MA", "016", "508"),
    ("Fort Wayne", "IN", "468", "260"),
    ("Las Cruces", "NM", "880", "575"),
    ("Augusta", "GA", "309", "706"),
    ("Bakersfield", "CA", "933", "661"),
    ("Scranton", "PA", "185", "570"),
    ("Yuma", "AZ", "853", "928"),
    ("Chattanooga", "TN", "374", "423"),
    ("Coeur d'Alene", "ID", "838", "208"),
    ("Newport News", "VA", "236", "757"),
    ("Boise", "ID", "837", "208"),
    ("Sioux Falls", "SD", "571", "605"),
    ("Winston-Salem", "NC", "271", "336"),
    ("White Plains", "NY", "106", "914"),
    ("Kalamazoo", "MI", "490", "269"),
    ("Eau Claire", "WI", "547", "715"),
]
STREETS = [
    "Oak",
    "Maple",
    "N. Main",
    "Old Mill",
    "Martin Luther King Jr",
    "Harbor View",
    "3rd",
    "42nd",
    "Cedar Hollow",
    "W Washington",
    "Juniper Ridge",
    "Calle Real",
    "Sycamore",
    "Lake Shore",
    "County Line",
    "Prospect",
    "Church",
    "Blue Heron",
    "Van Buren",
    "Twin Pines",
    "E. 14th",
    "Quarry",
    "Kings Highway",
    "Rosewood",
    "El Camino",
    "Mt. Vernon",
]
SUFFIXES = {
    "dev": ["St", "Ave", "Road", "Drive", "Ln", "Blvd.", "Street", "Avenue", "Rd.", "Court", "Way"],
    "held-out": ["Street", "Ave.", "Lane", "Dr", "Circle", "Parkway", "Terrace", "Pl"],
}
MBI = "ACDEFGHJKMNPQRTUVWXY"


def luhn_npi(nine):
    digits = [int(d) for d in "80840" + nine]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(reversed(digits)))
    return nine + str(-total % 10)


def digits(rng, n, first="0123456789"):
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(n - 1))


def write_date(rng, day, style):
    y, m, d = day.year, day.month, day.day
    name = MONTHS[m - 1]
    return {
        "us": f"{m:02}/{d:02}/{y}",
        "iso": f"{y}-{m:02}-{d:02}",
        "long": f"{name} {d}, {y}",
        "oracle": f"{d}-{name[:3].upper()}-{y}",
        "short": f"{m}/{d}/{y % 100:02}",
        "mil": f"{d:02} {name[:3]} {y}",
        "dots": f"{m:02}.{d:02}.{y}",
        "noco": f"{name[:3]} {d} {y}",
        "plain": f"{y}{m:02}{d:02}",
        "dash": f"{m}-{d}-{y}",
        "day": f"{d} {name} {y}",
        "pad": f"{m:02}/{d:02}/{y % 100:02}",
        "slash": f"{y}/{m:02}/{d:02}",
        "abbr": f"{name[:3]}. {d}, {y}",
        "dashpad": f"{m:02}-{d:02}-{y}",
        "lace": f"{d:02}-{name[:3]}-{y}",
        "oracleshort": f"{d}-{name[:3]}-{y % 100:02}",
        "bare": f"{name} {d} {y}",
        "ord": f"{name} {d}{'th' if 10 < d < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(d % 10, 'th')}, {y}",
    }[style]


DATES = {
    "dev": ["us", "us", "us", "iso", "long", "oracle", "short", "mil", "pad", "dots", "noco", "dash", "day", "ord"],
    "held-out": ["us", "us", "long", "slash", "abbr", "dashpad", "lace", "oracleshort", "bare"],
}


class Person:
    """Fields are what a template names: see `forms`, which gives the text of a field and the kind of identifier it is."""

    def __init__(self, rng, split, names, sex=None, age=None):
        self.rng, self.split = rng, split
        self.sex = sex or rng.choice("MF")
        self.first, self.last = names.pick(rng, self.sex)
        self.middle = rng.choice("ABCDEFGHJKLMNPRSTVW")
        years = (
            age
            if age is not None
            else rng.choice([rng.randint(1, 17), rng.randint(18, 64), rng.randint(30, 88), rng.randint(55, 94)])
        )
        self.born = datetime.date(2026 - years, rng.randint(1, 12), rng.randint(1, 28))
        self.age = years
        self.city, self.state, self.zip3, self.area = rng.choice(PLACES)
        self.style = rng.choice(DATES.get(split, ["us"]))
        self.line = f"{rng.randint(3, 9899)} {rng.choice(STREETS)} {rng.choice(SUFFIXES.get(split, ['St']))}"
        if rng.random() < 0.3:
            self.line += rng.choice([" Apt {}", " #{}", ", Unit {}", " Lot {}"]).format(rng.choice(["4", "2B", "12", "301"]))
        self.zip = self.zip3 + digits(rng, 2)
        self.numbers = {}

    @staticmethod
    def ascii(text):
        bare = unicodedata.normalize("NFKD", text.lower().translate(str.maketrans("øłđß", "olds")))
        return re.sub(r"[^a-z0-9]", "", bare)

    def once(self, what, make):
        """A number stays the same wherever a message names it."""
        if what not in self.numbers:
            self.numbers[what] = make()
        return self.numbers[what]

    def make_mrn(self):
        rng = self.rng
        two = lambda: digits(rng, 2)
        dev = [
            digits(rng, 8),
            "00" + digits(rng, 6),
            digits(rng, 7, "123456789"),
            "A-" + digits(rng, 6),
            "E" + digits(rng, 7),
            f"{two()}-{two()}-{two()}",
            "M" + digits(rng, 7),
        ]
        dev += [
            digits(rng, 6, "12345678"),
            "H000" + digits(rng, 8),
            f"{digits(rng, 3)}-{two()}-{two()}-{digits(rng, 1)}",
            digits(rng, 9, "12"),
        ]
        held = [
            digits(rng, 8, "123456789"),
            digits(rng, 7, "123456789"),
            "AB" + digits(rng, 6),
            "000" + digits(rng, 7),
            f"{digits(rng, 3)}-{digits(rng, 3)}",
            f"{two()} {two()} {two()}",
            "PT" + digits(rng, 5),
        ]
        return rng.choice(dev if self.split == "dev" else held)

    def make_ssn(self):
        area = self.rng.choice([n for n in range(101, 773) if n not in (666, 219, 457, 78)])
        one, two, three = f"{area:03}", f"{self.rng.randint(1, 99):02}", f"{self.rng.randint(1, 9999):04}"
        return self.rng.choice(["-", "-", " ", "-", ""] if self.split == "dev" else ["-", "-", "-", ".", ""]).join(
            (one, two, three)
        )

    def make_phone(self):
        a, line = self.area, f"01{self.rng.randint(0, 99):02}"
        dev = [
            f"({a}) 555-{line}",
            f"{a}-555-{line}",
            f"{a}.555.{line}",
            f"+1 {a} 555 {line}",
            f"{a} 555 {line}",
            f"1-{a}-555-{line}",
            f"({a})555-{line}",
            f"+1{a}555{line}",
            f"{a}-555-{line} x{self.rng.randint(10, 99)}",
            f"{a}/555-{line}",
        ]
        held = [
            f"({a}) 555-{line}",
            f"{a}-555-{line}",
            f"({a}) 555 {line}",
            f"{a}555{line}",
            f"+1-{a}-555-{line}",
            f"1 ({a}) 555-{line}",
            f"{a}-555-{line} ext. {self.rng.randint(10, 999)}",
        ]
        return self.rng.choice(dev if self.split == "dev" else held)

    def make_member(self):
        rng = self.rng
        letters = "".join(rng.choice("ABCHJKPWXYZ") for _ in range(3))
        dev = [
            letters + digits(rng, 9),
            "W" + digits(rng, 9),
            digits(rng, 9, "89") + "-01",
            letters + digits(rng, 8),
            f"H{digits(rng, 4)}-{digits(rng, 3)}-{digits(rng, 2)}",
            f"{letters} {digits(rng, 3)} {digits(rng, 2)} {digits(rng, 4)}",
            "00" + digits(rng, 8),
            letters[0] + digits(rng, 10),
            digits(rng, 11, "1"),
        ]
        held = [
            letters + digits(rng, 9),
            digits(rng, 10, "1239"),
            f"{letters[:2]}{digits(rng, 7)}{letters[2]}",
            f"{digits(rng, 3)}-{digits(rng, 2)}-{digits(rng, 4)}A",
            f"{letters}-{digits(rng, 6)}",
            digits(rng, 8) + " 02",
        ]
        return rng.choice(dev if self.split == "dev" else held)

    def make_mbi(self):
        rng = self.rng
        a, n = lambda: rng.choice(MBI), lambda: rng.choice("0123456789")
        joint = rng.choice(["-", ""] if self.split == "dev" else ["-", " ", ""])
        return joint.join(
            (rng.choice("123456789") + a() + rng.choice(MBI + "0123456789") + n(), a() + n() + n(), a() + a() + n() + n())
        )

    def make_mail(self):
        f, l = self.ascii(self.first), self.ascii(self.last)
        host = self.rng.choice(["mail.example", "inbox.example.net", "post.example.org", "cable.example.com"])
        dev = [f"{f}.{l}@{host}", f"{f[0]}{l}{self.born.year % 100:02}@{host}", f"{f}_{l}@{host}"]
        held = [f"{l}.{f}@{host}", f"{f}{digits(self.rng, 3)}@{host}", f"{l}family@{host}", f"the.{f}.{l}+health@{host}"]
        return self.rng.choice(dev if self.split == "dev" else held)

    def title(self):
        return self.once("title", lambda: "Mr." if self.sex == "M" else self.rng.choice(["Mrs.", "Ms.", "Ms.", "Miss"]))

    def name_forms(self):
        first, last, m = self.first, self.last, self.middle
        return {
            "name": f"{first} {last}",
            "namem": f"{first} {m}. {last}",
            "lf": f"{last}, {first}",
            "lfm": f"{last}, {first} {m}.",
            "LF": f"{last}, {first} {m}".upper(),
            "NAME": f"{first} {last}".upper(),
            "lower": f"{first} {last}".lower(),
            "mr": f"{self.title()} {last}",
            "mrname": f"{self.title()} {first} {last}",
            "mrnodot": f"{self.title().rstrip('.')} {last}",
            "first": first,
            "last": last,
            "finit": f"{first} {last[0]}.",
            "initlast": f"{first[0]}. {last}",
            "LAST": last.upper(),
            "FIRST": first.upper(),
        }

    def field(self, name):
        """(text, kind of identifier or None) of a field; None when there is no such field."""
        forms = self.name_forms()
        if name in forms:
            return forms[name], "name"
        if name.startswith("dob"):
            return write_date(self.rng, self.born, name[3:] or self.style), "birth-date"
        makers = {
            "mrn": ("mrn", self.make_mrn),
            "ssn": ("ssn", self.make_ssn),
            "phone": ("phone", self.make_phone),
            "mobile": ("phone", self.make_phone),
            "member": ("plan", self.make_member),
            "mbi": ("plan", self.make_mbi),
            "mail": ("email", self.make_mail),
            "acct": ("account", lambda: digits(self.rng, 10, "3456789")),
            "claim": ("account", lambda: self.rng.choice(["C", "CLM", "20"]) + digits(self.rng, 10)),
            "rx": ("account", lambda: digits(self.rng, 7, "1234567")),
            "csn": ("account", lambda: digits(self.rng, 9, "1")),
            "lic": ("licence", lambda: self.rng.choice("ABDKSW") + digits(self.rng, 12)),
            "plate": ("vehicle", lambda: self.rng.choice(["AB", "KLM", "7XR"]) + digits(self.rng, 4)),
            "device": ("device", lambda: "SN " + digits(self.rng, 9)),
            "ip": ("ip", lambda: f"203.0.113.{self.rng.randint(1, 254)}"),
        }
        if name in makers:
            kind, make = makers[name]
            return self.once(name, make), kind
        if name == "addr":
            return f"{self.line}, {self.city}, {self.state} {self.zip}", "address"
        if name == "addr2":
            return f"{self.line}\n{self.city}, {self.state} {self.zip}", "address"
        male = self.sex == "M"
        plain = {
            "street": self.line,
            "age": str(self.age),
            "sex": "male" if male else "female",
            "sx": self.sex,
            "he": "he" if male else "she",
            "He": "He" if male else "She",
            "him": "him" if male else "her",
            "his": "his" if male else "her",
            "His": "His" if male else "Her",
            "man": ("man" if male else "woman") if self.age > 17 else ("boy" if male else "girl"),
            "kin": self.rng.choice(["son", "father", "brother", "uncle"] if male else ["daughter", "mother", "sister", "aunt"]),
            "spouse": "husband" if male else "wife",
            "city": self.city,
            "zip": self.zip,
            "state": self.state,
        }
        return (plain[name], "address" if name == "street" else None) if name in plain else None
