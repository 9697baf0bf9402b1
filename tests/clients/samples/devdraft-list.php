<?php
class DevdraftCustomers {
    private $baseUrl = 'https://api.devdraft.com/api/v0/customers';
    private $headers;

    public function __construct($clientKey, $clientSecret) {
        $this->headers = [
            'x-client-key: ' . $clientKey,
            'x-client-secret: ' . $clientSecret
        ];
    }

    public function listCustomers($params = []) {
        $url = $this->baseUrl;

        if (!empty($params)) {
            $url .= '?' . http_build_query($params);
        }

        $context = stream_context_create([
            'http' => [
                'method' => 'GET',
                'header' => implode("\r\n", $this->headers)
            ]
        ]);

        $result = file_get_contents($url, false, $context);

        if ($result === false) {
            throw new Exception('Failed to fetch customers');
        }

        return json_decode($result, true);
    }

    public function searchByStatus($status, $limit = 25) {
        return $this->listCustomers([
            'status' => $status,
            'take' => $limit
        ]);
    }

    public function searchByName($name, $limit = 25) {
        return $this->listCustomers([
            'name' => $name,
            'take' => $limit
        ]);
    }

    public function getAllCustomers($filters = []) {
        $allCustomers = [];
        $skip = 0;
        $take = 100;

        do {
            $params = array_merge($filters, [
                'skip' => $skip,
                'take' => $take
            ]);

            $batch = $this->listCustomers($params);
            $allCustomers = array_merge($allCustomers, $batch);
            $skip += $take;

        } while (count($batch) === $take);

        return $allCustomers;
    }
}

// Usage
$client = new DevdraftCustomers(
    $_ENV['DEVDRAFT_CLIENT_KEY'],
    $_ENV['DEVDRAFT_CLIENT_SECRET']
);

// Get active customers
$activeCustomers = $client->searchByStatus('ACTIVE', 50);

// Search for customers
$johnCustomers = $client->searchByName('john');

// Get all customers (be careful with large datasets)
$allCustomers = $client->getAllCustomers(['status' => 'ACTIVE']);

echo "Found " . count($allCustomers) . " active customers\n";
?>
