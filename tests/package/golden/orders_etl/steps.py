"""The steps of the pipeline, in the order of the notebook."""

import os
import sqlite3

import pandas as pd

from ._runtime import display


def extract() -> tuple[pd.DataFrame, pd.DataFrame]:
    orders = pd.read_csv("data/orders.csv", parse_dates=["ordered"])
    returns = pd.read_csv("data/returns.csv")
    print(len(orders), "orders,", len(returns), "returns")
    return orders, returns


def clean(orders: pd.DataFrame, since: str = "2026-05-15") -> pd.DataFrame:
    orders["country"] = orders["country"].str.upper()
    orders = orders[orders.ordered >= since].reset_index(drop=True)
    assert orders.order_id.is_unique
    print(len(orders), "orders since", since)
    return orders


def load_into_the_database(
    returns: pd.DataFrame,
    orders: pd.DataFrame,
    database: str = "warehouse.db",
) -> sqlite3.Connection:
    if os.path.exists(database):
        os.remove(database)
    connection = sqlite3.connect(database)
    orders.assign(ordered=orders.ordered.dt.strftime("%Y-%m-%d")).to_sql("orders", connection, index=False)
    returns.to_sql("returns", connection, index=False)
    connection.execute("create index by_customer on orders (customer)")
    connection.commit()
    return connection


def transform(connection: sqlite3.Connection) -> pd.DataFrame:
    query = """
select o.country, count(*) as orders, round(sum(o.amount), 2) as gross,
       round(sum(coalesce(r.refund, 0)), 2) as refunds
from orders o left join returns r using (order_id)
group by o.country order by gross desc
"""
    by_country = pd.read_sql_query(query, connection)
    by_country["net"] = by_country.gross - by_country.refunds
    display(by_country)

    connection.close()
    return by_country


def best_customers(orders: pd.DataFrame):
    best = orders.groupby("customer").amount.agg(["count", "sum"]).nlargest(5, "sum")
    display(best)
    return best


def write_the_result(by_country: pd.DataFrame) -> None:
    by_country.to_csv("by_country.csv", index=False)
    print(open("by_country.csv").read())


def check(orders: pd.DataFrame) -> None:
    written = pd.read_csv("by_country.csv")
    difference = written.gross.sum() - orders.amount.sum()
    print("difference:", round(abs(difference), 2))
