"""A person and a library at a glance."""

from __future__ import annotations

from rag.answers.glance import build_glance
from rag.answers.portrait import build_portrait, divide_by_period
from rag.answers.topic_map import count_topics
from rag.answers.topic_names import find_topics
from rag.types import Condition
from tests.shelf import Shelf, paper

WORK = (
    paper("p1", "GAN Face Editing", authors=("Ann Lee", "Bo Li"), year=2024),
    paper("p2", "Fast GAN Face Editing", authors=("Ann Lee", "Bo Li"), year=2024),
    paper("p3", "Iris Image Recognition", authors=("Ann Lee", "Cy Wu"), year=2020),
    paper("p4", "Robust Iris Image Recognition", authors=("Dee Moe", "Ann Lee"), year=2019),
)


def test_topics_are_told_by_period_the_newest_first() -> None:
    assert divide_by_period(WORK) == [
        ("2024", ("GAN face editing",)),
        ("2019–2020", ("iris image recognition",)),
    ]
    assert divide_by_period([]) == []


def test_a_portrait_counts_what_is_there() -> None:
    portrait = build_portrait("Ann Lee", WORK, Shelf(WORK))
    assert portrait.closest[0] == ("Bo Li", 2)
    assert (portrait.n_coauthors, portrait.n_first) == (3, 3)


def test_a_topic_has_the_words_and_capitals_that_titles_give_it() -> None:
    titles = [
        "Generalizable AI-Generated Image Detection",
        "On Robust AI-Generated Image Detection",
        "Repair of AI-Generated Images",
        "A Decision-based Black-Box Patch Attack",
        "Robustness under Decision-based Black-Box Attacks",
        "Whistling 2022 Challenges Results",
        "Whistling 2023 Challenges Results",
    ]
    assert find_topics(titles) == [("AI-generated image detection", 2)]
    titles = ["AI-Generated Image Detection", "Diffusion-Generated Image Detection"]
    assert find_topics(titles) == [("image detection", 2)]


def test_a_library_at_a_glance_has_topics_newest_papers_and_people() -> None:
    glance = build_glance(Shelf(WORK), 3, 1, 2)
    assert (glance.n_papers, glance.years) == (4, (2019, 2024))
    assert dict(glance.topics) == {"GAN face editing": 2, "iris image recognition": 2}
    assert dict(count_topics(Shelf(WORK), [Condition("year", "is", 2024)])) == {
        "GAN face editing": {2024: 2}
    }
    assert glance.newest[0].year == 2024 and glance.people[0] == ("Ann Lee", 4)
    assert ("GAN face editing", 2) in glance.topics
