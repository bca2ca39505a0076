"""The shelves that tests share, by name: small libraries whose answers can be worked out by hand."""

from __future__ import annotations

from rag.types import ProfilePage
from tests.shelf import Shelf, paper

# A paper on somebody's page, and two others.
PAGES = Shelf(
    [
        paper("p1", "DuetFace: Faces", "DuetFace protects faces.", ("Yuxi Mi",), year=2022,
              category="CV", affiliations=("pku",), owner="Nannan Wang"),
        paper("p2", "UW-COT220: A Set", "UW-COT220 has camouflaged animals.", ("Ann Mao",), year=2024,
              category="LG"),
        paper("p3", "Drones at Night", "We find drones.", ("Ann Mao",), year=2023, category="LG"),
    ],
    [ProfilePage("Nannan Wang", "CV", 55, 113)],
    {"Nannan Wang": ["p1"]},
)  # fmt: skip

# Papers with names of their own, two of them by one person: what conversations turn on.
FACES = Shelf(
    [
        paper("p1", "DuetFace: Splitting Faces", "DuetFace protects faces in the frequency domain.",
              ("Yuxi Mi", "Yuge Huang"), year=2022, code=True),
        paper("p2", "VISA: Selecting Tokens", "VISA selects tokens by graphs.", ("Pengfei Jiang",),
              year=2025, code=False),
        paper("p3", "D2Pruner", "D2Pruner prunes tokens.", ("Evelyn Zhang",), year=2024, code=True),
        paper("p4", "SlerpFace: Spheres", "SlerpFace interpolates faces on a sphere.",
              ("Yuxi Mi", "Cai Wu"), year=2024, code=False),
        paper("p5", "Tracking UAVs", "UAV tracking of drones.", ("Ann Mao",), year=2021),
    ]
)  # fmt: skip

# Entries with every mark that one can have, each missing from some; two author pages.
ENTRIES = Shelf(
    [
        paper("p1", "Few-Shot Tracking", authors=("Ann Mao", "Bo Li"), year=2019, category="CV",
              code=True, affiliations=("tencent-ai",), owner="Shiming Ge", month=3,
              links=("https://github.com/x/y",)),
        paper("p2", "Deep Nets", authors=("Bo Li",), year=2022, category="LG", code=False,
              affiliations=("tencent-ai", "tsinghua"), month=5),
        paper("p3", "Few shot Learning", authors=("Cai Wu",), complete=False, year=2024,
              category="LG", code=True, score=88.9, links=("https://x.github.io/page",)),
        paper("p4", "Masks", authors=("Ann Mao",), category="CV", code=False, owner="Shiming Ge"),
        paper("p5", None, year=None),
        paper("p6", "Tracking UAVs", text="UAV tracking from drones.", authors=("Ann Mao",),
              year=2024, category="CV", code=False, score=50.0, places=(("a.txt", 1), ("b.txt", 2))),
    ],
    [
        ProfilePage("Shiming Ge", "CV", 15, 54, 1706, 0.53, 57),
        ProfilePage("Nannan Wang", "CV", 55, 113, 3144, 0.51, 60),
    ],
    {"Shiming Ge": ["p1", "p4"], "Nannan Wang": []},
)  # fmt: skip

# Three papers whose titles, texts, authors and scores differ in length and height.
MEASURED = Shelf(
    [
        paper("p1", "Why Do Faces Matter?", "One two three.", ("A", "B"), year=2022, code=True, score=60.0),
        paper("p2", "Tokens: 4 Ways", "One two.", ("A",), year=2024, code=False, score=80.0),
        paper("p3", "Faces", "One.", ("A", "C", "D"), complete=False, year=2024, code=True),
    ]
)  # fmt: skip

# Papers with a day, a month, a year or none of them, and with venues.
DATED = Shelf(
    [
        paper("p1", "Drones", year=2023, month=2, day=28),
        paper("p2", "Faces", year=2023, month=7, day=1),
        paper("p3", "Only a year", year=2023),
        paper("p4", "No year", month=2),
        paper("p5", "Newest", year=2024, month=5, day=20),
        paper("p6", "Parsing", "We parse.", ("Ann Mao",), year=2020, venue="2020.emnlp-main"),
        paper("p7", "Tagging", "We tag.", ("Ann Mao", "Bo Li"), year=2019, venue="Journal of Tagging"),
        paper("p8", "Donald Trump in the News", "News on Donald Trump.", ("Bo Li",), year=2019),
    ]
)  # fmt: skip

# People with alike names, with a page, and with lists that 'et al.' cuts.
PEOPLE = Shelf(
    [
        paper("p1", "Face Forgery Detection in Videos", "Face forgery detection in videos.",
              ("Daichi Zhang", "Shen Chen"), year=2022, owner="Shiming Ge"),
        paper("p2", "Face Forgery Detection with Noise", "Face forgery detection by noise.",
              ("Daichi Zhang",), year=2024),
        paper("p3", "MaskNet: Masked Faces", "Masked faces are recognised.",
              ("Chenyu Dai", "Daichi Zhang"), complete=False, year=2020, owner="Shiming Ge"),
        paper("p4", "Palm Prints", "Palms.", ("Lei Shen",), year=2023),
        paper("p5", "Adversarial Training", "Training.", ("Li Shen",), year=2021),
        paper("p6", None, "SignNet makes signs."),
        paper("p7", "Prompts", "Prompts.", ("Kexin Bao", "Fu Wei"), year=2021),
        paper("p8", "Chords", "Chords.", ("Kexin Baoa",), year=2021),
    ],
    [ProfilePage("Shiming Ge", "CV", 15, 54, 1706, 0.53, 57)],
    {"Shiming Ge": ["p1", "p3"]},
)  # fmt: skip

# Topics that are said in these words, in others, and together.
TOPICS = Shelf(
    [
        paper("p1", "Federated Learning", "Federated learning of models.", ("Ann Mao",), year=2024),
        paper("p2", "Helpers", "A study. Federated learning helps.", ("Dee Fu",), year=2023),
        paper("p3", "Learning in a Federated Way", "Models.", ("Ann Mao",), year=2024),
        paper("p4", "Drones", "Drones fly.", ("Ann Mao",), category="CV", code=True),
        paper("p5", "Masks", "Masks hide.", ("Ann Mao",), category="LG", code=False),
        paper("p6", "Drones Again", "Drones land.", ("Bo Li",), category="AI", code=False),
        paper("p7", "Masks on Drones", "Both.", ("Cai Wu",), category="CV"),
    ]
)  # fmt: skip

SHELVES = {
    "pages": PAGES,
    "faces": FACES,
    "entries": ENTRIES,
    "measured": MEASURED,
    "dated": DATED,
    "people": PEOPLE,
    "topics": TOPICS,
}
