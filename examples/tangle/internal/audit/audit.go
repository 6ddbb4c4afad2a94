// Package audit writes what happened to a file.
package audit

import (
	"os"
	"runtime"
)

// Journal is a set of open pages.
type Journal struct {
	pages []*Page
}

// Page is a file that is open.
type Page struct {
	journal *Journal
	file    *os.File
}

// Open opens a page. Its finalizer never runs: page, journal and page again hold each other.
func Open(file *os.File) *Page {
	journal := &Journal{}
	page := &Page{journal: journal, file: file}
	journal.pages = append(journal.pages, page)
	runtime.SetFinalizer(page, func(p *Page) { p.file.Close() })
	return page
}
