// Command probe answers JSON lines on standard input by means of the SDK, for the conformance runner (chapter 8 of the
// standard): `{"id":1,"do":"verify","with":{…}}` gives `{"id":1,"ok":{…}}` or `{"id":1,"error":{…}}`. It ends with its
// input.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

type question struct {
	ID   json.RawMessage `json:"id"`
	Do   string          `json:"do"`
	With json.RawMessage `json:"with"`
}

type failure struct {
	Reason string   `json:"reason"`
	Code   string   `json:"code"`
	Fields []string `json:"fields,omitempty"`
}

type reply struct {
	ID    json.RawMessage `json:"id"`
	OK    any             `json:"ok,omitempty"`
	Error *failure        `json:"error,omitempty"`
}

func main() {
	if err := serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		_, _ = os.Stderr.WriteString("probe: " + err.Error() + "\n")
		os.Exit(1)
	}
}

// serve answers each line in a goroutine of its own and returns when all are answered after the end of the input.
// `configure` waits for those before it, and those after wait for it.
func serve(ctx context.Context, input io.Reader, output io.Writer) error {
	p := &probe{}
	defer p.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	written := &writer{output: output}
	lines := bufio.NewReader(input)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			asked, failed := questionOf(line)
			if asked.Do == "configure" {
				running.Wait()
				written.write(p.answer(ctx, asked, failed))
			} else {
				running.Go(func() { written.write(p.answer(ctx, asked, failed)) })
			}
		}
		if err == io.EOF {
			running.Wait()
			return written.failed()
		}
		if err != nil {
			return err
		}
	}
}

// writer writes one line at a time.
type writer struct {
	mu     sync.Mutex
	output io.Writer
	err    error
}

func (w *writer) write(answer reply) {
	encoded, err := json.Marshal(answer)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		_, err = w.output.Write(append(encoded, '\n'))
	}
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func questionOf(line []byte) (question, error) {
	asked := question{}
	err := json.Unmarshal(line, &asked)
	if len(asked.ID) == 0 || err != nil {
		asked.ID = json.RawMessage("null")
	}
	if len(asked.With) == 0 {
		asked.With = json.RawMessage("{}")
	}
	return asked, err
}

func (p *probe) answer(ctx context.Context, asked question, failed error) reply {
	if failed != nil {
		return reply{ID: asked.ID, Error: failureOf(failed)}
	}
	ok, err := p.perform(ctx, asked.Do, asked.With)
	if err != nil {
		return reply{ID: asked.ID, Error: failureOf(err)}
	}
	return reply{ID: asked.ID, OK: ok}
}

// probeError is a question that the probe itself cannot answer.
type probeError string

func (e probeError) Error() string {
	return string(e)
}

func failureOf(err error) *failure {
	if failed, ok := errors.AsType[*trustlayer.Error](err); ok {
		told := &failure{Reason: failed.Reason, Code: failed.Code}
		for _, violation := range failed.Fields {
			told.Fields = append(told.Fields, violation.Field)
		}
		return told
	}
	if failed, ok := errors.AsType[probeError](err); ok {
		return &failure{Reason: trustlayer.ReasonUnknown, Code: string(failed)}
	}
	return &failure{Reason: trustlayer.ReasonUnknown, Code: "INVALID_ARGUMENT"}
}
