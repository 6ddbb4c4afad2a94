// Package session keeps who is logged in.
package session

import (
	"runtime"

	"example.com/orders/notify/mail"
)

// Session has a finalizer, and its connection leads back to it: neither is ever freed.
type Session struct {
	Name string
	conn *conn
	mail [96]byte
}

type conn struct {
	owner *Session
	fd    int
}

// Open logs somebody in.
func Open(name string) *Session {
	s := &Session{Name: name}
	s.conn = &conn{owner: s, fd: len(name)}
	copy(s.mail[:], mail.Address(name))
	runtime.SetFinalizer(s, func(s *Session) { s.conn.fd = -1 })
	return s
}
