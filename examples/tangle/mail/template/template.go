// Package template fills mails in.
package template

import "example.com/shop/web/links"

// Fill writes a greeting that links back to the shop.
func Fill(name string) string { return "Hello " + name + ", see " + links.Base }
