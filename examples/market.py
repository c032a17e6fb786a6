"""Reads a market with the node's own document and the standard library: market.py NODE [ACCOUNT]"""
import json, sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

node = sys.argv[1].rstrip("/")
document = json.load(urlopen(f"{node}/v1/openapi.json"))
paths = {operation["operationId"]: path for path, item in document["paths"].items() for operation in item.values()}

def pages(name, items, query, **holes):
    while query is not None:
        url = node + paths[name].format(**holes) + "?" + urlencode(query)
        page = json.load(urlopen(Request(url, headers={"accept": "application/json"})))
        yield from page[items]
        query = page["next"] and {**query, "cursor": page["next"]}

for model in pages("models", "models", {}):
    asks = [int(offer["ask"]) for offer in pages("offers", "offers", {"model": model["model"]})]
    print(model["name"], f"{len(asks)} offers from {min(asks, default=0)} grains")
for order in pages("account_orders", "orders", {"limit": 2}, account=sys.argv[2]) if len(sys.argv) > 2 else []:
    print(order["order"], order["status"], (order["receipt"] or {}).get("verdict", {}).get("type"))
