"""A client of the BAN's contract (DATA-FACTS § 5.1): one address, one point, or thousands of addresses in batches."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from geo.errors import Lum1Error, NotAGeocoder
from geo.geocoder import table
from geo.geocoder.asking import LIMITS, SETTING, Asking, Limits, TooMuch
from geo.geocoder.reading import NOT_FOUND, answers_of_features
from geo.geocoder.shapes import Answer, Kind, Question, Status
from geo.patience import Patience
from geo.quota import Quota
from geo.settings import Settings

SECOND_S = 1.05  # questions travel: two of them may arrive closer than they left
AT_ONCE = 5_000  # what a kill loses, and some ten seconds of an addok of one's own
MOST_ROWS, MOST_BYTES = 200_000, 50_000_000  # the Géoplateforme takes fewer
BEST_OF = 20  # the Géoplateforme's most
ERROR, SKIPPED = Answer(Status.ERROR), Answer(Status.SKIPPED)
ANSWER_S = 30.0  # of silence, before one address
ROWS_A_SECOND = 40  # of a slow addok: a batch is waited for as long as that takes
TRIES = 2  # of the same failure, before less is asked
# Rows that fail alone one after the other, none answered between them: is it the service that fails, or these rows?
ALL_TROUBLED, ALL_REFUSED = 3, 20
MOST_FAILED = 200  # rows of one run: each is asked again and waited for
ANYBODYS = Question(
    "PARIS", citycode="75056"
)  # what tells the one from the other: every geocoder of France answers something


class Geocoder:
    """One geocoder. What it refuses is an Answer of status ERROR; `reasons` counts why, without a word of the questions."""

    def __init__(
        self,
        base_url: str,
        quota: Quota | None = None,
        patience: Patience | None = None,
        answer_s: float = ANSWER_S,
        account: tuple[str, str] | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        # beyond its 50 a second, the Géoplateforme blocks an address for five
        quota = quota or Quota(Settings.geocoder_per_second, SECOND_S)
        self.base_url = base_url.rstrip("/")
        self.reasons: Counter[str] = Counter()
        self._asking = Asking(self.base_url, quota, patience or Patience(), account, limits)
        self._answer_s = answer_s
        self._failed = 0
        self._failed_alone = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> "Geocoder":
        """The operator's choice, the Géoplateforme unless told otherwise."""
        if settings.geocoder_per_second < 1:
            raise Lum1Error("LUM1_GEOCODER_PER_SECOND vaut 0 : au moins une question par seconde est attendue.")
        quota = Quota(settings.geocoder_per_second, SECOND_S)
        return cls(settings.geocoder_url, quota, account=settings.geocoder_account)

    def search(self, question: Question, limit: int = 1) -> list[Answer]:
        """The best answers (1 to 20), best first; none when nothing is found. `score_next` is that of the next one listed."""
        words = " ".join(filter(None, table.words_of(question)))
        if not words:
            return []
        filters = {"citycode": question.citycode, "type": question.kind}
        asked = {"q": words, "limit": str(min(max(limit, 1), BEST_OF)), "autocomplete": "0"}
        return self._one("search", asked | {name: value for name, value in filters.items() if value})

    def reverse(self, lon: float, lat: float) -> Answer:
        """The address nearest to a point, in degrees."""
        found = self._one("reverse", {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "limit": "1"})
        return found[0] if found else NOT_FOUND

    def answers(self, questions: Iterable[Question], at_once: int = AT_ONCE) -> Iterator[list[Answer]]:
        """Batch after batch, each as soon as it is answered: who keeps them goes on from there after a kill."""
        waiting = iter(questions)
        while batch := list(islice(waiting, at_once)):
            yield self.search_csv(batch)

    def search_csv(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in their order; those without a word are SKIPPED, and not asked."""
        answers = [SKIPPED] * len(questions)
        spoken = [rank for rank, question in enumerate(questions) if any(table.words_of(question))]
        for with_kind in (False, True):
            ranks = [rank for rank in spoken if (questions[rank].kind is not None) == with_kind]
            for rank, answer in zip(ranks, self._batch([questions[rank] for rank in ranks]), strict=True):
                answers[rank] = self._of_its_kind(questions[rank], answer)
        return answers

    def _batch(self, questions: list[Question]) -> list[Answer]:
        """All of them with a kind, or none."""
        return self._halved(questions, tries=TRIES) if questions else []

    def _halved(self, questions: list[Question], tries: int) -> list[Answer]:
        """What cannot be answered as a whole is asked in halves, down to the row that breaks it."""
        try:
            answers = self._asked(questions, tries)
        except TooMuch as refusal:
            if len(questions) == 1:
                kind = questions[0].kind and Kind.MUNICIPALITY
                anybodys = msgspec.structs.replace(ANYBODYS, kind=kind)
                return [self._fails(refusal, lambda: self._asked([anybodys], tries=1))]
            middle = len(questions) // 2
            return [answer for half in (questions[:middle], questions[middle:]) for answer in self._half(half)]
        self._failed_alone = 0
        alone = len(questions) == 1
        return [
            self._failed_by_itself(question, alone) if answer.status is Status.ERROR else answer
            for question, answer in zip(questions, answers, strict=True)
        ]

    def _of_its_kind(self, question: Question, answer: Answer) -> Answer:
        """Some servers know `type` for one address only, and not for a file: those questions are asked one by one."""
        if answer.status is not Status.OK or question.kind in (None, answer.kind):
            return answer
        [found] = self.search(question) or [NOT_FOUND]
        return found if found.status is not Status.OK or found.kind == question.kind else NOT_FOUND

    def _half(self, questions: list[Question]) -> list[Answer]:
        """Trouble is known by now: a half is tried once, a row of its own as often as a batch."""
        return self._halved(questions, tries=TRIES if len(questions) == 1 else 1)

    def _asked(self, questions: list[Question], tries: int) -> list[Answer]:
        data, count = table.written(questions), len(questions)
        if len(data) >= MOST_BYTES or count >= MOST_ROWS - 1:  # the header is a line too
            raise TooMuch("lot trop grand")
        silence_s = self._answer_s + count / ROWS_A_SECOND
        rows_bytes = len(data) + count * table.ANSWER_BYTES
        return self._asking.post(
            "search/csv",
            table.form_of(questions),
            data,
            lambda body: table.read(body, count),
            silence_s,
            rows_bytes,
            tries,
        )

    def _one(self, endpoint: str, asked: Mapping[str, str]) -> list[Answer]:
        try:
            answers = self._got(endpoint, asked, TRIES)
        except TooMuch as refusal:
            anybodys = {"q": ANYBODYS.text, "limit": "1", "autocomplete": "0"}
            return [self._fails(refusal, lambda: self._got("search", anybodys, tries=1))]
        self._failed_alone = 0
        return answers

    def _got(self, endpoint: str, asked: Mapping[str, str], tries: int) -> list[Answer]:
        return self._asking.get(endpoint, asked, answers_of_features, self._answer_s, tries)

    def _failed_by_itself(self, question: Question, alone: bool) -> Answer:
        """The service says « error » of a row: it is asked once more, alone."""
        if not alone:
            [answer] = self._halved([question], TRIES)
            return answer
        self.reasons["le service répond « error »"] += 1
        return ERROR

    def _fails(self, refusal: TooMuch, ask_anybodys: Callable[[], object]) -> Answer:
        self.reasons[str(refusal)] += 1
        self._failed += 1
        self._failed_alone += 1
        if self._failed_alone < (ALL_TROUBLED if refusal.may_pass else ALL_REFUSED):
            return ERROR
        if self._failed <= MOST_FAILED and _is_answered(ask_anybodys):
            self._failed_alone = 0
            return ERROR
        if refusal.may_pass:
            raise self._asking.gives_up(refusal)
        raise NotAGeocoder(
            f"Le géocodeur {self.base_url} refuse tout ce qui lui est demandé ({refusal}) : "
            f"est-il à jour, et avec les filtres « citycode » et « type » ? Sinon donnez-en un autre dans {SETTING}."
        )


def _is_answered(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except TooMuch:
        return False
    return True
