<?php
// A receiver for PHP's built-in server: one request at a time.
file_get_contents('php://input');
file_put_contents(getenv('ARRIVALS'), ($_SERVER['HTTP_X_RKT_DELIVERY'] ?? '') . "\n", FILE_APPEND | LOCK_EX);
usleep((int) (1000000 * (float) getenv('HANDLER')));
echo 'ok';
