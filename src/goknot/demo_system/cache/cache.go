// Package cache remembers.
package cache

import (
	"runtime"
	"time"
)

// Cache has a janitor that holds the cache, and a finalizer that would stop the janitor: it never runs.
type Cache struct {
	name    string
	entries map[string]string
	stop    chan struct{}
}

// New makes a cache and its janitor.
func New(name string) *Cache {
	c := &Cache{name: name, entries: map[string]string{name: name}, stop: make(chan struct{})}
	go c.clean()
	runtime.SetFinalizer(c, func(c *Cache) { close(c.stop) })
	return c
}

func (c *Cache) clean() {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			clear(c.entries)
		case <-c.stop:
			return
		}
	}
}
