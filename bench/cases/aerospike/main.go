// A web server that opens a client of aerospike for each request and closes it again, as some do. The database is a
// node in the same process that answers what a client asks when it connects.
//
// Use: store PORT
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strings"

	aerospike "github.com/aerospike/aerospike-client-go/v7"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("use: store PORT")
	}
	node, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go serveNode(node)
	port := node.Addr().(*net.TCPAddr).Port
	http.HandleFunc("/nodes", func(w http.ResponseWriter, _ *http.Request) {
		client, err := aerospike.NewClient("127.0.0.1", port)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer client.Close()
		fmt.Fprintln(w, client.GetNodeNames())
	})
	return http.ListenAndServe("127.0.0.1:"+args[0], nil)
}

func serveNode(listener net.Listener) {
	for {
		line, err := listener.Accept()
		if err != nil {
			return
		}
		go answer(line)
	}
}

// answer answers info requests: eight bytes (version 2, type 1, length), then names, a line each; the answer alike.
func answer(line net.Conn) {
	defer line.Close()
	owned := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 4096/8)) // of all partitions
	values := map[string]string{
		"build":                "7.0.0.0",
		"features":             "pscans;pquery;batch-any;query-show",
		"node":                 "BB9000000000000",
		"partition-generation": "1",
		"peers-generation":     "1",
		"peers-clear-std":      "1,3000,[]",
		"replicas":             "test:1,1," + owned + ";",
		"service-clear-std":    line.LocalAddr().String(),
	}
	for {
		var head uint64
		if binary.Read(line, binary.BigEndian, &head) != nil {
			return
		}
		names, err := io.ReadAll(io.LimitReader(line, int64(head&(1<<48-1))))
		if err != nil {
			return
		}
		var told bytes.Buffer
		for _, name := range strings.Fields(string(names)) {
			fmt.Fprintf(&told, "%s\t%s\n", name, values[name])
		}
		reply := binary.BigEndian.AppendUint64(nil, 2<<56|1<<48|uint64(told.Len()))
		if _, err := line.Write(append(reply, told.Bytes()...)); err != nil {
			return
		}
	}
}
