"""The vendor's package yativo-fiat-sdk: only the base URL and the key pair differ."""
import os

from yativo_fiat import Yativo
from yativo_fiat.errors import YativoError

yativo = Yativo(os.environ["YATIVO_ACCOUNT"], os.environ["YATIVO_SECRET"], base_url=os.environ["BASE_URL"] + "/api/v1")
made = yativo.customers.create(
    customer_name="Ama Mensah", customer_email="ama.mensah@example.com", customer_phone="+233244567890",
    customer_country="Ghana",
)
number = made["customer_id"]
assert yativo.customers.retrieve(number)["customer_name"] == "Ama Mensah"
assert any(c["customer_id"] == number for c in yativo.customers.list())
changed = yativo.customers.update(number, customer_name="Ama Owusu")
assert changed["customer_name"] == "Ama Owusu", changed
yativo.customers.delete(number)
try:
    yativo.customers.retrieve(number)
    raise SystemExit("a deleted customer was shown")
except YativoError as err:
    assert "not found" in str(err).lower(), err
