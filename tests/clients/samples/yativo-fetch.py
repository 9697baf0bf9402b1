import requests

customer_id = "5ae2f659-45d2-4256-9f82-2811726a5376" # example customer ID
url = f"BASE_URL/customer/{customer_id}"
headers = {
    "Authorization": "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
}

response = requests.get(url, headers=headers)
print(response.text)
