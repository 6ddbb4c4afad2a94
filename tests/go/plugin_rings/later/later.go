// Later opens itself from a goroutine that its init starts: it waits until the init is done.
package main

import "plugin"

var done = make(chan string, 1)

func init() {
	go func() {
		_, err := plugin.Open("later.so")
		if err != nil {
			done <- err.Error()
			return
		}
		done <- "later"
	}()
}

// Call waits for it.
func Call() string { return <-done }

func main() {}
