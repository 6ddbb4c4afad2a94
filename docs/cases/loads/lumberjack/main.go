// A log a tenant, rotated by lumberjack; a tenant's log is closed when its last request is answered.
package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"
)

func main() {
	dir := os.Args[2]
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		log := &lumberjack.Logger{Filename: filepath.Join(dir, filepath.Base(r.URL.Path)+".log"), MaxSize: 1}
		defer log.Close()
		fmt.Fprintln(log, r.RemoteAddr, r.URL)
		fmt.Fprintln(w, "logged")
	})
	if err := http.ListenAndServe(os.Args[1], nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
