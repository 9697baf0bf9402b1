<?php
class DevdraftCustomer {
    private $baseUrl = 'https://api.devdraft.com/api/v0/customers';
    private $headers;

    public function __construct($clientKey, $clientSecret) {
        $this->headers = [
            'x-client-key: ' . $clientKey,
            'x-client-secret: ' . $clientSecret
        ];
    }

    public function getCustomer($customerId) {
        $url = $this->baseUrl . '/' . $customerId;

        $context = stream_context_create([
            'http' => [
                'method' => 'GET',
                'header' => implode("\r\n", $this->headers),
                'timeout' => 10
            ]
        ]);

        $result = @file_get_contents($url, false, $context);

        if ($result === false) {
            // Check if it was a 404
            if (isset($http_response_header)) {
                foreach ($http_response_header as $header) {
                    if (strpos($header, '404') !== false) {
                        return null; // Customer not found
                    }
                }
            }
            throw new Exception('Failed to fetch customer');
        }

        return json_decode($result, true);
    }

    public function getCustomerSafe($customerId) {
        try {
            return $this->getCustomer($customerId);
        } catch (Exception $e) {
            error_log("Failed to fetch customer $customerId: " . $e->getMessage());
            return null;
        }
    }

    public function formatCustomerDisplay($customerId) {
        $customer = $this->getCustomer($customerId);

        if (!$customer) {
            return null;
        }

        return [
            'id' => $customer['id'],
            'name' => $customer['first_name'] . ' ' . $customer['last_name'],
            'email' => $customer['email'] ?? 'N/A',
            'phone' => $customer['phone_number'],
            'status' => $customer['status'],
            'type' => $customer['customer_type'] ?? 'Individual',
            'last_spent' => '$' . number_format($customer['last_spent'], 2),
            'join_date' => date('M j, Y', strtotime($customer['createdAt']))
        ];
    }

    public function isActiveCustomer($customerId) {
        $customer = $this->getCustomerSafe($customerId);
        return $customer && $customer['status'] === 'ACTIVE';
    }
}

// Usage
$client = new DevdraftCustomer(
    $_ENV['DEVDRAFT_CLIENT_KEY'],
    $_ENV['DEVDRAFT_CLIENT_SECRET']
);

$customerId = '550e8400-e29b-41d4-a716-446655440000';

// Basic fetch
$customer = $client->getCustomer($customerId);
if ($customer) {
    echo "Customer: " . $customer['first_name'] . " " . $customer['last_name'] . "\n";
}

// Formatted display
$display = $client->formatCustomerDisplay($customerId);
if ($display) {
    echo "Display Name: " . $display['name'] . "\n";
    echo "Status: " . $display['status'] . "\n";
    echo "Last Spent: " . $display['last_spent'] . "\n";
}

// Check if active
if ($client->isActiveCustomer($customerId)) {
    echo "Customer is active\n";
}
