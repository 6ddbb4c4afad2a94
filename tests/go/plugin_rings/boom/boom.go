// Boom panics while it is opened.
package main

import "errors"

func init() { panic(errors.New("boom: no config")) }

func main() {}
