async function getCustomerSafely(customerId) {
  try {
    const response = await fetch(`https://api.devdraft.com/api/v0/customers/${customerId}`, {
      headers: {
        'x-client-key': process.env.DEVDRAFT_CLIENT_KEY,
        'x-client-secret': process.env.DEVDRAFT_CLIENT_SECRET
      }
    });

    if (response.status === 404) {
      return null; // Customer not found
    }

    if (response.status === 403) {
      throw new Error('Access denied: Customer belongs to different application');
    }

    if (!response.ok) {
      throw new Error(`API Error: ${response.status} ${response.statusText}`);
    }

    return await response.json();
  } catch (error) {
    console.error(`Error fetching customer ${customerId}:`, error.message);
    throw error;
  }
}

// Usage with null checking
const customer = await getCustomerSafely('550e8400-e29b-41d4-a716-446655440000');
if (customer) {
  console.log('Customer found:', customer.email);
} else {
  console.log('Customer not found');
}
