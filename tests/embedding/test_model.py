import numpy as np
import pytest

from crucible_assets.chunks.passages import cut_passages
from crucible_assets.chunks.split import split
from resources.embedding.e5_weights import E5Weights, FloatArray, packaged_weights
from resources.embedding.errors import BlankTextError, EmbedderSettingsError, TextTooLongError
from resources.embedding.model import E5Embedder
from tests.chunks.texts import prose, report

REPAYMENT = "The borrower must pay back the loan by 30 June 2026."
WEATHER = "It rained heavily in the mountains last night."


def test_vectors_have_length_one_and_384_numbers(e5: E5Embedder) -> None:
    vectors = e5.embed_passages([REPAYMENT, WEATHER])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_no_texts_give_no_vectors(e5: E5Embedder) -> None:
    assert e5.embed_passages([]).shape == (0, 384)


def test_related_texts_are_nearer_than_unrelated_ones(e5: E5Embedder) -> None:
    passages = e5.embed_passages([REPAYMENT, WEATHER])
    debt, storm = e5.embed_queries(["When is the debt due?", "What was the weather like?"])
    assert passages[0] @ debt > passages[1] @ debt + 0.05
    assert passages[1] @ storm > passages[0] @ storm + 0.05


@pytest.mark.parametrize(
    "question",
    [
        "Wann muss der Kredit zurückgezahlt werden?",
        "Quand le prêt doit-il être remboursé ?",
        "¿Cuándo hay que devolver el préstamo?",
        "Когда нужно вернуть кредит?",
        "贷款必须在什么时候偿还？",
        "متى يجب سداد القرض؟",
    ],
)
def test_a_question_finds_the_passage_in_another_language(e5: E5Embedder, question: str) -> None:
    passages = e5.embed_passages([WEATHER, REPAYMENT, "The company was founded in Oslo by two engineers."])
    scores = passages @ e5.embed_queries([question])[0]
    assert scores.argmax() == 1
    assert scores[1] > max(scores[0], scores[2]) + 0.03


def reference_vector(weights: E5Weights, ids: list[int]) -> FloatArray:
    """The network in plain numpy, straight from the packaged weights: an independent reading of the encoder."""
    size = weights.dimensions
    embedding = weights.matrix("emb.word", size.hidden)
    nibbles, scales = embedding.packed[ids], embedding.scales[ids]
    halves = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).astype(np.float64) - 8
    x = (halves * scales[:, :, None]).reshape(len(ids), size.hidden)
    x = x + weights.vector("emb.pos").reshape(-1, size.hidden)[: len(ids)]
    x = x + weights.vector("emb.type")[: size.hidden]

    def norm(values: FloatArray, name: str) -> FloatArray:
        centred = values - values.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(values.var(axis=1, keepdims=True) + size.epsilon)
        return scaled * weights.vector(f"{name}.w") + weights.vector(f"{name}.b")

    def dense(values: FloatArray, name: str) -> FloatArray:
        return values @ weights.matrix(f"{name}.w", values.shape[1]).dequantised().T + weights.vector(f"{name}.b")

    def heads(values: FloatArray) -> FloatArray:
        return values.reshape(len(ids), size.heads, -1).transpose(1, 0, 2)

    x = norm(x, "emb.ln")
    for layer in range(size.layers):
        name = f"l{layer}."
        query, key, value = (heads(dense(x, name + part)) for part in "qkv")
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[2])
        weight = np.exp(scores - scores.max(axis=2, keepdims=True))
        context = (weight / weight.sum(axis=2, keepdims=True)) @ value
        x = norm(dense(context.transpose(1, 0, 2).reshape(len(ids), -1), name + "ao") + x, name + "aln")
        inner = dense(x, name + "fi")
        # numpy has no error function: the usual approximation of Gelu, good to 1e-3
        gelu = 0.5 * inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3)))
        x = norm(dense(gelu, name + "fo") + x, name + "oln")
    mean = x.mean(axis=0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def test_vectors_agree_with_the_network_in_full_precision(e5: E5Embedder) -> None:
    weights = E5Weights(packaged_weights())
    for text in (REPAYMENT, "Когда нужно вернуть кредит?", prose(10)):
        ids = e5._token_ids("passage: ", [text])[0]
        assert e5.embed_passages([text])[0] @ reference_vector(weights, ids) > 0.995


def test_the_vector_of_a_text_does_not_depend_on_its_company(e5: E5Embedder) -> None:
    alone = e5.embed_passages([REPAYMENT])[0]
    np.testing.assert_array_equal(e5.embed_passages([prose(8), REPAYMENT, WEATHER])[1], alone)


def test_larger_batches_give_nearly_the_same_vectors_in_the_same_order(model_cache, e5: E5Embedder) -> None:
    texts = [prose(number, seed=number) for number in (9, 1, 14, 3, 6)]
    batched = E5Embedder(model_cache, batch_size=4).embed_passages(texts)
    assert np.einsum("ij,ij->i", batched, e5.embed_passages(texts)).min() > 0.99


def test_a_text_over_the_window_is_refused_not_cut(e5: E5Embedder) -> None:
    text = prose(60)
    with pytest.raises(TextTooLongError) as caught:
        e5.embed_passages(["short", text])
    assert caught.value.index == 1
    assert caught.value.tokens == e5.count_tokens(text) > 512


def test_a_text_that_fills_the_window_is_read(e5: E5Embedder) -> None:
    text = "word " * 508  # 'passage', ':' and the two special tokens are the other four
    assert e5.count_tokens(text) == 512
    assert e5.embed_passages([text]).shape == (1, 384)
    assert e5.count_tokens(text + "word") == 513


def test_blank_texts_are_refused(e5: E5Embedder) -> None:
    with pytest.raises(BlankTextError, match="text 1"):
        e5.embed_queries(["x", " \n"])


def test_text_that_utf8_cannot_hold_is_embedded(e5: E5Embedder) -> None:
    assert e5.count_tokens("a \ud800 b") > 4
    assert np.isfinite(e5.embed_passages(["a \ud800 b"])).all()


def test_a_batch_size_out_of_range_is_refused(model_cache) -> None:
    with pytest.raises(EmbedderSettingsError, match="batch_size"):
        E5Embedder(model_cache, batch_size=0)


def test_token_vectors_average_to_the_passage(e5: E5Embedder) -> None:
    (tokens,) = e5.passage_tokens([REPAYMENT])
    assert tokens.shape == (e5.count_tokens(REPAYMENT), 384)
    np.testing.assert_allclose(np.linalg.norm(tokens, axis=1), 1, rtol=1e-5)
    mean = tokens.mean(axis=0)
    assert mean @ e5.embed_passages([REPAYMENT])[0] / np.linalg.norm(mean) > 0.98


def test_late_interaction_prefers_the_passage_that_answers(e5: E5Embedder) -> None:
    answer, other = e5.passage_tokens([REPAYMENT, WEATHER])
    (query,) = e5.query_tokens(["When is the debt due?"])
    assert (query @ answer.T).max(axis=1).sum() > (query @ other.T).max(axis=1).sum()


@pytest.mark.parametrize(
    "text",
    [
        report(sections=6, paragraphs=6)[0],
        "合同双方同意按照下列条款履行义务。" * 700,
        "0123456789abcdef" * 3000,
        "ﷺ" * 3000,
        "x" * 9 + " " * 4000 + "\n" * 50 + prose(40),
    ],
    ids=["report", "chinese", "hexadecimal", "ligatures", "white space"],
)
def test_every_passage_of_a_document_fits_the_window(e5: E5Embedder, text: str) -> None:
    passages = cut_passages(text, (), split(text), e5.count_tokens, e5.window)
    ids = e5._token_ids("passage: ", [passage.text for passage in passages])  # raises when one does not fit
    assert [len(tokens) for tokens in ids] == [passage.tokens for passage in passages]
    assert max(len(tokens) for tokens in ids) <= 400
    assert "".join(passage.text for passage in passages).split() == text.split() or " " not in text
