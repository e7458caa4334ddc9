// Runs the verification code for Go: see run.mjs. The test puts that beside it, as the package webhooks.
package main

import (
	"encoding/json"
	"net/http"
	"os"

	"snippets/webhooks"
)

type request struct {
	Body    string
	Headers map[string]string
	Secret  string
}

func main() {
	var requests []request
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		panic(err)
	}
	verdicts := make([]bool, len(requests))
	for index, one := range requests {
		headers := http.Header{}
		for name, value := range one.Headers {
			headers.Set(name, value)
		}
		verdicts[index] = webhooks.Verify([]byte(one.Body), headers, one.Secret)
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		panic(err)
	}
}
