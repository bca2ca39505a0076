"""The whole path, question to answer: every route, any text, many threads, a library that changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.answers.citations import check_citations
from rag.answers.evidence_selection import choose_papers
from rag.app.assistant import Assistant, build
from rag.app.bounding import MAX_QUESTION_CHARS
from rag.config.settings import Settings
from rag.generation.evidence import count_tokens
from rag.text import ensure_encodable
from rag.text.markdown import hazards
from rag.types import Answer, Condition, Delta, Event, Step, Thread, Turn
from rag.types.errors import LibraryEmpty, NotFound, WeightsMissing
from rag.types.fields import QueryError, Range
from rag.types.serialise import record

ROUTES = {
    "content": "What is DuetFace?",
    "experts": "Who works on face recognition?",
    "person": "What does Shiming Ge work on?",
    "catalogue": "How many papers from 2023 have code?",
    "smalltalk": "hello there",
    "unsupported": "???",
}


def sound(assistant: Assistant, answer: Answer) -> Answer:
    check_citations(
        answer.text, answer.citations, {p.paper_id: p for p in assistant.library.list_papers()}
    )
    assert hazards(answer.text) == ()
    assert answer.text.strip()
    return answer


def whole(events: list[Event]) -> Answer:
    """The answer at the end; what came before are steps, and the words that it is made of."""
    *before, answer = events
    assert isinstance(answer, Answer)
    assert isinstance(before[0], Step) and all(isinstance(e, Step | Delta) for e in before)
    assert "".join(e.text for e in before if isinstance(e, Delta)) == answer.text
    return answer


def untimed(answer: Answer) -> Answer:
    return replace(answer, latency_ms=0.0, first_words_ms=None, first_token_ms=None, steps=())


# --- every route --------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_answers_in_words_and_whole(assistant: Assistant, route: str) -> None:
    answer = sound(assistant, whole(list(assistant.stream(ROUTES[route]))))
    assert answer.route == route
    assert answer.status == ("abstained" if route == "unsupported" else "answered")
    assert answer.question == ROUTES[route]
    assert answer.reading is not None and answer.reading.query.route == route
    assert answer.library == assistant.library.fingerprint
    assert answer.latency_ms > 0
    assert (answer.model, answer.warnings, answer.usage.input_tokens) == ("extractive", (), 0)


def test_asking_gives_the_answer_that_the_stream_ends_with(assistant: Assistant) -> None:
    for question in ROUTES.values():
        streamed = whole(list(assistant.stream(question)))
        assert untimed(assistant.ask(question)) == untimed(streamed)


def test_an_answer_about_a_paper_quotes_it(assistant: Assistant) -> None:
    answer = assistant.ask(ROUTES["content"])
    first = assistant.paper(answer.citations[0].paper_id)
    assert "DuetFace" in first.name
    assert answer.papers[0].paper_id == first.paper_id
    assert all(c.quote for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("What is brige distillation?", "content"),
        ("How does DuetFcae protect privacy?", "content"),
        ("who wokrs on person re-identification", "experts"),
        ("How many papres are from 2023?", "catalogue"),
    ],
)
def test_a_slip_sinks_no_route_and_is_told(assistant: Assistant, question: str, route: str) -> None:
    answer = sound(assistant, assistant.ask(question))
    assert (answer.status, answer.route) == ("answered", route)
    assert any(note.startswith("read “") for note in answer.warnings)


def test_a_plain_verb_is_met_by_the_noun_made_from_it(assistant: Assistant) -> None:
    answer = sound(assistant, assistant.ask("How do I defend against patch attacks?"))
    assert answer.status == "answered" and "Certifiable Patch Defense" in answer.text


def test_a_particular_that_a_named_paper_does_not_print_is_declined(assistant: Assistant) -> None:
    answer = sound(assistant, assistant.ask("What learning rate was used to train TAD-SR?"))
    assert answer.status == "abstained" and "“learning rate”" in answer.text


def test_people_lists_and_persons_can_be_asked_for_without_a_question(assistant: Assistant) -> None:
    experts = sound(assistant, assistant.who("face recognition", k=3))
    assert (experts.route, len(experts.experts)) == ("experts", 3)
    assert experts.reading is not None and experts.reading.query.topic == "face recognition"
    person = sound(assistant, assistant.person("Shiming Ge"))
    assert person.route == "person" and "Shiming Ge" in person.text
    held = [p for p in assistant.library.list_papers() if p.year == 2023]
    listed = sound(assistant, assistant.catalogue([Condition("year", "is", Range(2023, 2023))]))
    assert listed.route == "catalogue"
    assert {p.paper_id for p in listed.papers} == {p.paper_id for p in held}
    for answer in (experts, person, listed):
        assert answer.library == assistant.library.fingerprint and answer.latency_ms > 0


def test_a_paper_is_found_by_id_beginning_or_place(assistant: Assistant) -> None:
    paper = assistant.library.list_papers()[5]
    assert assistant.paper(paper.paper_id) == paper
    assert assistant.paper(paper.source) == paper
    with pytest.raises(NotFound):
        assistant.paper("nothing.txt:1")


def test_retrieve_gives_as_many_papers_as_are_asked_for(assistant: Assistant) -> None:
    assert [len(assistant.retrieve("gait", k).papers) for k in (1, 7)] == [1, 7]


# --- threads ------------------------------------------------------------------------------------


def asked(assistant: Assistant, *questions: str) -> list[Answer]:
    thread, answers = Thread(), []
    for question in questions:
        answer = sound(assistant, whole(list(assistant.stream(question, thread))))
        thread = thread.add_turn(Turn(question, answer))
        answers.append(answer)
    return answers


def test_a_follow_up_is_about_the_paper_of_the_turn_before(assistant: Assistant) -> None:
    first, second = asked(assistant, ROUTES["content"], "Who wrote it?")
    paper = assistant.paper(first.citations[0].paper_id)
    assert paper.authors[0] in second.text
    first, second = asked(assistant, ROUTES["content"], "how is it evaluated?")
    assert second.citations[0].paper_id == paper.paper_id
    assert second.papers[0].paper_id == paper.paper_id
    assert [p.score for p in second.papers[1:]] == sorted(
        (p.score for p in second.papers[1:]), reverse=True
    )


def test_a_new_subject_leaves_the_thread(assistant: Assistant) -> None:
    _, second = asked(assistant, ROUTES["content"], "What is knowledge distillation?")
    alone = assistant.ask("What is knowledge distillation?")
    assert second.reading is not None and alone.reading is not None
    assert second.reading.query == alone.reading.query
    # How sure a reading is, and so what is offered beside it, depends on the thread.
    answers = (untimed(replace(a, reading=None, other=None)) for a in (second, alone))
    assert next(answers) == next(answers)


def test_an_answer_tells_its_steps_and_how_long_each_took(assistant: Assistant) -> None:
    answer = assistant.ask(ROUTES["content"])
    assert [name for name, _ in answer.steps] == [
        "reading the question",
        f"searching {assistant.library.n_papers} papers",
        "checking quotes",
    ]
    total = sum(ms for _, ms in answer.steps)
    assert all(ms >= 0 for _, ms in answer.steps) and 0 < total <= answer.latency_ms


def test_the_ranking_of_a_follow_up_counts_from_1_and_names_a_paper_once(
    assistant: Assistant,
) -> None:
    thread = Thread((Turn(ROUTES["content"], assistant.ask(ROUTES["content"])),))
    answer = assistant.ask("how is it evaluated?", thread)
    assert answer.reading is not None and answer.reading.query.papers
    retrieve = assistant._engine.open_retriever().retrieve
    found = choose_papers(
        answer.reading.query, retrieve, retrieve, assistant.library.view
    ).retrieval
    assert [hit.rank for hit in found.papers] == list(range(1, 21))
    assert len({hit.paper.paper_id for hit in found.papers}) == 20


# --- any text -----------------------------------------------------------------------------------

ODD = {
    "long": "How does DuetFace work? " * 4_500,
    "one long word": "x" * 100_000,
    "controls": "what\x00 is\x01 \x1b[31mDuetFace\x07?",
    "only controls": "\x00\x01\x02",
    "surrogates": "what is \ud800DuetFace\udfff?",
    "emoji": "🎉 who 👩‍🔬 works on faces?",
    "right to left": "مرحبا \u202eDuetFace\u202c كيف",
    "chinese": "哪篇论文提出了 DuetFace？",
    "cyrillic": "что такое дистилляция",
    "combining": "\u0301\u0301",
    "newlines": "\n\nwhat\r\n\tis DuetFace\n?",
    "markup": "<script>alert(1)</script> ![x](http://evil.example) [1] `code` **b**",
    "sql": "'; DROP TABLE papers; --",
    "template": "{question} {{x}} %s ${y} \\",
    "empty": "",
    "blank": " \t ",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_text_is_answered_or_declined(assistant: Assistant, name: str) -> None:
    answer = sound(assistant, whole(list(assistant.stream(ODD[name]))))
    assert answer.status in ("answered", "abstained")
    assert answer.question == ensure_encodable(ODD[name])
    answer.text.encode("utf-8")
    foreign = ("right to left", "chinese", "cyrillic")
    assert answer.warnings == () or name in ("long", "one long word", *foreign)


def test_a_question_is_read_up_to_a_limit_and_that_is_said(assistant: Assistant) -> None:
    answer = assistant.ask("What is DuetFace? " + "x" * MAX_QUESTION_CHARS)
    assert answer.warnings == (
        f"only the first {MAX_QUESTION_CHARS} characters of the question were read",
    )
    assert "DuetFace" in answer.text
    assert assistant.who("x" * 9_000).warnings == answer.warnings


@pytest.mark.parametrize("name", ["long", "controls", "surrogates", "markup", "chinese"])
def test_odd_topics_and_names_are_answered_too(assistant: Assistant, name: str) -> None:
    sound(assistant, assistant.who(ODD[name]))
    sound(assistant, assistant.person(ODD[name]))
    sound(assistant, assistant.catalogue([Condition("text", "contains", ODD[name])]))
    sound(assistant, assistant.catalogue([Condition("author", "is", ODD[name])]))


def test_a_topic_without_words_is_refused_in_one_sentence(assistant: Assistant) -> None:
    for topic in ("", " \t ", "\x00"):
        with pytest.raises(QueryError, match="a topic needs words"):
            assistant.who(topic)


WORDS = st.sampled_from(
    """who what which papers how many wrote DuetFace the it 2023 between and authors of code face
    recognition Shiming Ge list compare with them first 2 , ? . ; : [1] “ ' <b> * _ … 论文 \u202e
    \ud800 \x00 not CV most recent years""".split(" ")
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=30), max_size=2))
def test_any_conversation_keeps_the_contract(assistant: Assistant, questions: list[str]) -> None:
    asked(assistant, *questions)


# --- many at once -------------------------------------------------------------------------------


def test_threads_that_share_an_assistant_get_the_answers_of_one(
    library_data: Path, weights: Path
) -> None:
    questions = [*ROUTES.values(), "What is bridge distillation?", "which papers use diffusion?"]
    given = Settings(data=library_data, model_path=weights)
    with build(given) as alone:
        expected = [untimed(alone.ask(q)) for q in questions]
    with build(given) as shared, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.ask, questions * 2))
    assert [untimed(a) for a in found] == expected * 2


# --- the library --------------------------------------------------------------------------------


def document(folder: Path, *titles: str) -> Path:
    path = folder / "papers.jsonl"
    rows = ({"title": t, "abstract": f"{t} is what we study. It works well."} for t in titles)
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_an_empty_library_says_so_whatever_is_asked(tmp_path: Path, weights: Path) -> None:
    with build(Settings(data=tmp_path / "data", model_path=weights)) as assistant:
        assert assistant.examples() == ()
        calls = (
            lambda: assistant.ask("What is DuetFace?"),
            lambda: next(assistant.stream("hello")),
            lambda: assistant.who("faces"),
            lambda: assistant.person("A"),
            lambda: assistant.catalogue([]),
            lambda: assistant.retrieve("faces"),
        )
        for call in calls:
            with pytest.raises(LibraryEmpty, match="paperfolk ingest"):
                call()


def test_what_another_ingested_is_found_and_what_it_took_away_is_gone(
    tmp_path: Path, weights: Path
) -> None:
    given = Settings(data=tmp_path / "data", model_path=weights)
    with build(given) as reader, build(given) as writer:
        writer.ingest([document(tmp_path, "Zebra gait")])
        before = reader.ask("what is known about zebra gait?")
        assert "Zebra gait" in before.text
        assert reader.ask("zeppelin palms in the wind").status == "abstained"

        writer.ingest([document(tmp_path, "Zebra gait", "Zeppelin palms in the wind")])
        after = sound(reader, reader.ask("what is known about zeppelin palms in the wind?"))
        assert (after.status, after.library != before.library) == ("answered", True)
        assert "Zeppelin palms in the wind" in after.text

        writer.ingest([document(tmp_path, "Zeppelin palms in the wind")])
        gone = sound(reader, reader.ask("what is known about zebra gait?"))
        assert "Zebra" not in gone.text
        assert reader.library.n_papers == 1 and reader.health().ok


def test_markup_printed_in_a_document_is_shown_as_words(tmp_path: Path, weights: Path) -> None:
    odd = "<b>x</b> ![i](http://e.e) [7] `c`"
    row = {
        "title": f"Zebra gait {odd}", "abstract": f"Gait is {odd} studied. [9] It works.",
        "authors": [f"Ann {odd} Lee", "Bob [3] Ray"], "year": 2020, "category": odd, "venue": odd,
    }  # fmt: skip
    path = tmp_path / "in [5].jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with build(Settings(data=tmp_path / "data", model_path=weights)) as assistant:
        assistant.ingest([path])
        for question in (
            "which paper is about zebra gait?", "who works on zebra gait?", "list all papers",
            "what does Ann work on?", "who wrote it?", "which papers are from 2020?",
            f"papers in category {odd}", f"papers by {odd}",
        ):  # fmt: skip
            asked(assistant, "what is zebra gait?", question)
        for person in map(assistant.library.find_person, assistant.library.list_names()):
            sound(assistant, assistant.person(person.name))


def test_the_seeds_are_read_where_no_path_is_given(tmp_path: Path, weights: Path) -> None:
    seeds = tmp_path / "mine"
    seeds.mkdir()
    document(seeds, "Zebra gait", "Palm prints")
    with build(Settings(data=tmp_path / "d", seeds=seeds, model_path=weights)) as assistant:
        assert assistant.plan_ingest().counts["new"] == 2
        assert not assistant.library.n_papers
        steps: list[str] = []
        report = assistant.ingest(progress=lambda name, at, n: steps.append(name))
        assert (report.n_papers, report.plan.counts["new"]) == (2, 2)
        assert steps
        assert assistant.plan_ingest().changes_nothing


def test_a_missing_model_is_told_by_the_question_that_needs_it(
    library_data: Path, tmp_path: Path
) -> None:
    with build(Settings(data=library_data, model_path=tmp_path)) as assistant:
        assert assistant.ask(ROUTES["catalogue"]).status == "answered"
        with pytest.raises(WeightsMissing):
            assistant.ask(ROUTES["content"])


# --- with a chat model --------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def worded(library_data: Path, weights: Path, server: OpenAIServer) -> Iterator[Assistant]:
    given = Settings(
        data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
        retries=0, timeout_s=10,
    )  # fmt: skip
    with build(given) as opened:
        yield opened


def test_a_model_words_the_answer_and_every_mark_leads_to_a_paper(
    worded: Assistant, server: OpenAIServer
) -> None:
    answer = sound(worded, whole(list(worded.stream(ROUTES["content"]))))
    assert (answer.status, answer.model) == ("answered", MODEL)
    assert answer.prompt_sha256 and answer.citations
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    assert len(server.requests) == 1
    assert "DuetFace" in server.requests[0]["messages"][-1]["content"]


def test_a_question_that_words_leave_unsure_is_read_by_the_model_and_both_calls_are_counted(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies.append(Reply('{"want": "passages", "text": "What is DuetFace?"}'))
    answer = sound(worded, whole(list(worded.stream("Was ist DuetFace und was kann es?"))))
    assert answer.reading is not None and answer.reading.by == "model"
    assert answer.reading.query.text == "What is DuetFace?"
    assert answer.question == "Was ist DuetFace und was kann es?"
    assert answer.question in server.requests[1]["messages"][-1]["content"]
    assert (answer.usage.input_tokens, len(server.requests)) == (22, 2)


@pytest.mark.parametrize(
    "question", ["Give an overview of face forgery detection.", "Was ist DuetFace und was kann es?"]
)
def test_a_question_costs_at_most_three_thousand_tokens_a_reading_of_it_included(
    worded: Assistant, server: OpenAIServer, question: str
) -> None:
    server.default = Reply('{"want": "passages", "text": "What is DuetFace?"}')
    worded.ask(question)
    asked = [message["content"] for r in server.requests for message in r["messages"]]
    assert sum(map(count_tokens, asked)) <= 3_000
    assert asked[-1].count(" passage [E") >= 7


def test_papers_are_screened_when_they_are_read_where_a_model_is_configured(
    tmp_path: Path, weights: Path, server: OpenAIServer
) -> None:
    given = Settings(data=tmp_path / "data", model_path=weights)
    steps: list[tuple[str, int, int]] = []
    with build(given) as without:
        without.ingest([document(tmp_path, "Zebra gait")])
    assert not (given.data / "screens.db").exists()
    with build(given.model_copy(update={"openai_base_url": server.url})) as with_model:
        with_model.ingest(
            [document(tmp_path, "Zebra gait", "Zeppelin palms")],
            progress=lambda *step: steps.append(step),
        )
    assert (given.data / "screens.db").exists() and steps[-1] == ("screening", 2, 2)


@pytest.mark.parametrize("route", ["experts", "person", "catalogue"])
def test_a_computed_answer_stands_as_it_is_whatever_the_model_says(
    worded: Assistant, assistant: Assistant, server: OpenAIServer, route: str
) -> None:
    computed = assistant.ask(ROUTES[route])
    server.replies.append(Reply("There are 41 papers by Zebulon Quark [E1]."))
    answer = sound(worded, whole(list(worded.stream(ROUTES[route]))))
    assert (answer.text, answer.value, answer.experts) == (
        computed.text,
        computed.value,
        computed.experts,
    )
    assert len(server.requests) == (route == "person")


def test_below_what_is_computed_the_model_says_what_the_papers_say(
    worded: Assistant, assistant: Assistant, server: OpenAIServer
) -> None:
    computed = assistant.ask(ROUTES["person"])
    answer = sound(worded, whole(list(worded.stream(ROUTES["person"]))))
    assert answer.text.startswith(f"{computed.text}\n\n") and len(answer.text) > len(computed.text)
    assert answer.model == MODEL


def test_what_a_model_did_not_read_of_a_long_thread_is_noted(
    worded: Assistant, server: OpenAIServer
) -> None:
    first = worded.ask(ROUTES["content"])
    thread = Thread(tuple(Turn(ROUTES["content"], first) for _ in range(60)))
    server.replies.append(Reply('{"want": "passages", "text": "On what is DuetFace tried?"}'))
    answer = worded.ask("und worauf wird das getestet?", thread)
    assert sum(answer.earlier.values()) == 60 and answer.earlier["left_out"] > 0
    assert answer.warnings[0].startswith("of the 60 earlier turns the model read ")


def test_a_follow_up_that_the_model_cannot_read_is_read_from_the_thread(
    worded: Assistant, server: OpenAIServer
) -> None:
    first = worded.ask(ROUTES["content"])
    server.replies.append(Reply(status=500))
    thread = Thread((Turn(ROUTES["content"], first),))
    answer = sound(worded, worded.ask("wie wird es getestet und womit?", thread))
    assert any(w.startswith("the question was read without the model: ") for w in answer.warnings)
    assert answer.reading is not None and answer.reading.query.papers


def test_what_is_no_question_about_papers_costs_no_call(
    worded: Assistant, server: OpenAIServer, assistant: Assistant
) -> None:
    for question in (ROUTES["smalltalk"], ROUTES["unsupported"], "Who is Zebulon Quark?"):
        assert untimed(worded.ask(question)) == untimed(assistant.ask(question))
    assert server.requests == []


def test_what_the_papers_do_not_hold_is_declined_by_the_model_in_its_own_words(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies.append(Reply("NOT STATED. The passages do not mention zeppelins."))
    answer = sound(worded, worded.ask("How are zeppelins steered in a thunderstorm?"))
    assert answer.status == "abstained" and len(server.requests) == 1
    assert answer.text.splitlines()[0] == "The passages do not mention zeppelins."


def test_a_model_that_fails_leaves_the_quoted_answer_and_a_warning(
    worded: Assistant, server: OpenAIServer, assistant: Assistant
) -> None:
    server.default = Reply(status=500)
    answer = sound(worded, whole(list(worded.stream(ROUTES["content"]))))
    assert answer.text == assistant.ask(ROUTES["content"]).text
    assert answer.warnings


def test_what_becomes_of_unsupported_sentences_and_who_judges_them_are_settings(
    library_data: Path, weights: Path
) -> None:
    with OpenAIServer(
        Reply("DuetFace is a face recognition method [E1]. It cures colds [E1].")
    ) as ours:
        settings = Settings(
            data=library_data, model_path=weights, openai_base_url=ours.url, chat_model=MODEL,
            retries=0, cache=False, unsupported="remove", judge_model="judge",
        )  # fmt: skip
        with build(settings) as strict:
            answer = strict.ask(ROUTES["content"])
    assert answer.text == "DuetFace is a face recognition method [1]."
    assert [call["model"] for call in ours.verifications] == ["judge"]
    assert answer.verified_by == ""


# --- what enters --------------------------------------------------------------------------------


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u3000", "\x1f", "\x00 "])
def test_a_question_is_read_without_its_further_white_space(
    assistant: Assistant, space: str
) -> None:
    plain = assistant.ask("Which papers by Shiming Ge are from 2023?")
    spaced = assistant.ask(f"Which papers{space * 900}by Shiming{space * 9}Ge are from 2023? ")
    assert (spaced.text, spaced.citations) == (plain.text, plain.citations)
    asked = [assistant.who(f"face{space * 900}recognition"), assistant.who("face recognition")]
    assert asked[0].experts == asked[1].experts
    found = [
        assistant.retrieve(q, 5) for q in (f"face{space * 900}recognition", "face recognition")
    ]
    assert found[0] == found[1]


def test_lone_surrogates_come_back_in_no_record(assistant: Assistant) -> None:
    thread = Thread()
    for question in ("What is DuetFace\ud800?", "and \udfff its authors?"):
        answer = assistant.ask(question, thread)
        json.dumps(record(answer), ensure_ascii=False).encode("utf-8")
        thread = thread.add_turn(Turn(question, answer))
    with pytest.raises(NotFound):
        assistant.paper("\ud800")


def test_papers_like_one_that_is_not_there_are_declined_in_a_sentence(assistant: Assistant) -> None:
    answer = assistant.query("papers like #p000000000000")

    assert answer.status == "abstained"
    assert "#p000000000000" in answer.text


def test_what_papers_say_under_a_condition_is_said_by_those_that_meet_it(
    assistant: Assistant,
) -> None:
    # conditions of a content query were left to the ranking, which knows nothing of them
    answer = assistant.query(
        'passages about "face recognition" where code: "how are faces protected?"'
    )
    cited = {citation.paper_id for citation in answer.citations}
    assert cited and all(paper.code for paper in assistant.library.list_papers(cited))
    none = assistant.query('passages about "faces" where year = 1999: "how are faces protected?"')
    assert not none.citations and "1999" in none.text


def test_a_list_of_which_nothing_was_understood_gives_way_to_what_papers_say(
    assistant: Assistant,
) -> None:
    # read as a list of what to read, of which only 'protect' was left: it was refused
    answer = assistant.ask(
        "I want to protect my photos on the internet so that nobody can recognise me, what should I read"
    )
    assert answer.status == "answered"
    assert any("visual information" in citation.quote.casefold() for citation in answer.citations)
