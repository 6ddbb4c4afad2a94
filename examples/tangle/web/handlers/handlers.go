// Package handlers answers requests.
package handlers

import "example.com/shop/mail/send"

// Home is the first page; opening it mails a greeting.
func Home() string { return send.Greeting("ada") }
