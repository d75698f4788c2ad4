"""Run in an environment of its own: asks the service through one client library and prints the best text's place.

``python ask.py LIBRARY URL``. Nothing of the library is changed but the address that it is given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

QUERY = "a lamp for reading"
TEXTS = ["A garden hose of green rubber", "Reading lamp for the desk, warm light", "Running shoes"]


def cohere_second(url: str) -> int:
    import cohere

    answer = cohere.ClientV2(api_key="any", base_url=url).rerank(model="m", query=QUERY, documents=TEXTS, top_n=2)
    assert len(answer.results) == 2
    return answer.results[0].index


def cohere_first(url: str) -> int:
    import cohere

    client = cohere.Client(api_key="any", base_url=url)
    best = client.rerank(model="m", query=QUERY, documents=TEXTS, return_documents=True).results[0]
    assert best.document.text == TEXTS[best.index]
    return best.index


def langchain_cohere(url: str) -> int:
    from langchain_cohere import CohereRerank
    from langchain_core.documents import Document

    compressor = CohereRerank(model="m", cohere_api_key="any", base_url=url, top_n=2)
    found = compressor.compress_documents([Document(page_content=text) for text in TEXTS], QUERY)
    return TEXTS.index(found[0].page_content)


def langchain_jina(url: str) -> int:
    from langchain_community.document_compressors import JinaRerank, jina_rerank
    from langchain_core.documents import Document

    jina_rerank.JINA_API_URL = url + "/v1/rerank"  # the library has no argument for its address
    compressor = JinaRerank(jina_api_key="any", top_n=2)
    found = compressor.compress_documents([Document(page_content=text) for text in TEXTS], QUERY)
    return TEXTS.index(found[0].page_content)


def llama_index(ranker: object) -> int:
    from llama_index.core.schema import NodeWithScore, TextNode

    nodes = [NodeWithScore(node=TextNode(text=text)) for text in TEXTS]
    return TEXTS.index(ranker.postprocess_nodes(nodes, query_str=QUERY)[0].text)


def llama_index_cohere(url: str) -> int:
    from llama_index.postprocessor.cohere_rerank import CohereRerank

    return llama_index(CohereRerank(api_key="any", base_url=url, top_n=2))


def llama_index_jina(url: str) -> int:
    from llama_index.postprocessor.jinaai_rerank import JinaRerank

    return llama_index(JinaRerank(api_key="any", base_url=url + "/v1", top_n=2))


def llama_index_tei(url: str) -> int:
    from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

    return llama_index(TextEmbeddingInference(base_url=url, top_n=2))


def litellm(model: str) -> Callable[[str], int]:
    def ask(url: str) -> int:
        import litellm as library

        answer = library.rerank(model=model, query=QUERY, documents=TEXTS, top_n=2, api_base=url, api_key="any")
        assert len(answer.results) == 2
        return answer.results[0]["index"]

    return ask


LIBRARIES: dict[str, Callable[[str], int]] = {
    "cohere v1": cohere_first,
    "cohere v2": cohere_second,
    "langchain-cohere": langchain_cohere,
    "langchain-community jina": langchain_jina,
    "llama-index cohere": llama_index_cohere,
    "llama-index jina": llama_index_jina,
    "llama-index tei": llama_index_tei,
    "litellm cohere": litellm("cohere/rerank-v3.5"),
    "litellm jina": litellm("jina_ai/jina-reranker-v2"),
    "litellm tei": litellm("huggingface/any"),
    "litellm vllm": litellm("hosted_vllm/any"),
}

if __name__ == "__main__":
    sys.stdout.write(f"best: {LIBRARIES[sys.argv[1]](sys.argv[2])}\n")
