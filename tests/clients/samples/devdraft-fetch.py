import requests
import os
from typing import Optional, Dict

class DevdraftCustomer:
    def __init__(self):
        self.base_url = "https://api.devdraft.com/api/v0/customers"
        self.headers = {
            'x-client-key': os.getenv('DEVDRAFT_CLIENT_KEY'),
            'x-client-secret': os.getenv('DEVDRAFT_CLIENT_SECRET')
        }

    def get_customer(self, customer_id: str) -> Optional[Dict]:
        """Fetch a customer by ID."""
        try:
            response = requests.get(
                f"{self.base_url}/{customer_id}",
                headers=self.headers
            )

            if response.status_code == 404:
                return None

            response.raise_for_status()
            return response.json()

        except requests.exceptions.RequestException as e:
            print(f"Error fetching customer {customer_id}: {e}")
            raise

    def get_customer_summary(self, customer_id: str) -> Optional[Dict]:
        """Get customer with formatted summary data."""
        customer = self.get_customer(customer_id)
        if not customer:
            return None

        return {
            'id': customer['id'],
            'full_name': f"{customer['first_name']} {customer['last_name']}",
            'contact': {
                'email': customer.get('email'),
                'phone': customer['phone_number']
            },
            'account': {
                'type': customer.get('customer_type', 'Individual'),
                'status': customer['status'],
                'created': customer['createdAt'],
                'last_updated': customer['updatedAt']
            },
            'activity': {
                'last_spent': customer['last_spent'],
                'last_purchase': customer.get('last_purchase_date')
            }
        }

    def verify_customer_access(self, customer_id: str) -> bool:
        """Verify if customer exists and is accessible."""
        try:
            customer = self.get_customer(customer_id)
            return customer is not None
        except Exception:
            return False

# Usage examples
client = DevdraftCustomer()

# Basic fetch
customer = client.get_customer('550e8400-e29b-41d4-a716-446655440000')
if customer:
    print(f"Found customer: {customer['first_name']} {customer['last_name']}")

# Get formatted summary
summary = client.get_customer_summary('550e8400-e29b-41d4-a716-446655440000')
if summary:
    print(f"Customer: {summary['full_name']}")
    print(f"Status: {summary['account']['status']}")
    print(f"Last spent: ${summary['activity']['last_spent']}")
