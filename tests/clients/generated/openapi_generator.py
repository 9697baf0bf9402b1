"""A round trip of each API with the Python clients of openapi-generator: packages og_NAME."""
import os

import og_devdraft
import og_xtrakit
import og_yativo

base, phone = os.environ["BASE_URL"], "+442079460000"


def refused(error, status, call, *args):
    try:
        call(*args)
    except error as err:
        assert err.status == status and err.data is not None, err
    else:
        raise SystemExit(f"{call} was not refused")


config = og_devdraft.Configuration(host=base)
config.api_key = {"clientKey": os.environ["DEVDRAFT_CLIENT_KEY"], "clientSecret": os.environ["DEVDRAFT_CLIENT_SECRET"]}
api = og_devdraft.CustomersApi(og_devdraft.ApiClient(config))
person = og_devdraft.CustomerInput(first_name="Ada", last_name="Lovelace", phone_number=phone, email="ogpy@example.com")
made = api.create_customer(person)
assert api.fetch_customer(made.id).email == "ogpy@example.com"
assert any(c.first_name == "Madonna" for c in api.list_customers(take=100))
assert api.search_customers(og_devdraft.CustomerSearch(email="ogpy@example.com"))[0].id == made.id
cleared = api.update_customer(made.id, og_devdraft.CustomerChange(first_name="Augusta", email=None))
assert cleared.first_name == "Augusta" and cleared.email is None, cleared
wrong = og_devdraft.CustomerInput(first_name="Ada", last_name="Lovelace", phone_number=phone, group_id=77)
refused(og_devdraft.ApiException, 400, api.create_customer, wrong)

config = og_yativo.Configuration(host=base)
config.api_key = {"yativoApiKey": os.environ["YATIVO_ACCOUNT"], "yativoApiSecret": os.environ["YATIVO_SECRET"]}
api = og_yativo.YativoCustomersApi(og_yativo.ApiClient(config))
person = og_yativo.YativoCustomerInput(
    customer_name="Ada Lovelace", customer_email="ogpy.y@example.com", customer_phone=phone, customer_country="GBR")
made = api.yativo_create_customer("ogpy-1", person).data
assert api.yativo_fetch_customer(made.customer_id).data.customer_name == "Ada Lovelace"
assert any(c.customer_name == "Madonna" for c in api.yativo_list_customers(per_page=100).data)
change = og_yativo.YativoCustomerChange(customer_name="Augusta King")
assert api.yativo_update_customer(made.customer_id, "ogpy-1", change).data.customer_name == "Augusta King"
refused(og_yativo.ApiException, 422, api.yativo_create_customer, "ogpy-2", person)

config = og_xtrakit.Configuration(host=base, access_token=os.environ["XTRAKIT_KEY"])
api = og_xtrakit.XtrakitCustomersApi(og_xtrakit.ApiClient(config))
person = og_xtrakit.XtrakitCustomerInput(
    customer_name="Ada Lovelace", customer_email="ogpy.x@example.com", customer_phone=phone, customer_country="Singapore",
    customer_city="Singapore", address1="1 Orchard Road")
made = api.xtrakit_add_customer(person).data.customer
assert api.xtrakit_fetch_customer(str(made.id)).data.customer.customer_name == "Ada Lovelace"
assert any(c.customer_name == "Madonna" for c in api.xtrakit_list_customers().data.customers)
refused(og_xtrakit.ApiException, 422, api.xtrakit_add_customer, person)
person.customer_name = "Augusta King"
assert api.xtrakit_edit_customer(str(made.id), person).data.customer.customer_name == "Augusta King"
