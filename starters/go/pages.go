package main

import (
	"bytes"
	"embed"
	"html/template"
	"log"
	"net/http"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

//go:embed public
var publicFiles embed.FS

// Each page is the layout with a `title` and a `main` of its own. html/template escapes every value for its place.
var pages = map[string]*template.Template{}

func init() {
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"deviceName": deviceName, "instantText": instantText, "join": strings.Join,
	}).ParseFS(templateFiles, "templates/layout.html"))
	for _, name := range []string{"home", "dashboard", "account", "orders", "error"} {
		copied := template.Must(layout.Clone())
		pages[name] = template.Must(copied.ParseFS(templateFiles, "templates/"+name+".html"))
	}
}

// sendPage answers with a page. The facts of a page are listed in its template.
func sendPage(w http.ResponseWriter, status int, name string, facts map[string]any) {
	var html bytes.Buffer
	if err := pages[name].Execute(&html, facts); err != nil {
		log.Printf("page %s: %v", name, err)
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = html.WriteTo(w)
}
