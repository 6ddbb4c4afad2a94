// Package send writes mails.
package send

import "example.com/shop/mail/template"

// Greeting is the mail a new customer gets.
func Greeting(name string) string { return template.Fill(name) }
