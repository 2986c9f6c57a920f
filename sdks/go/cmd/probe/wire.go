package main

import (
	"encoding/json"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func verdictToWire(verdict trustlayer.Verdict) map[string]any {
	if !verdict.Active {
		return map[string]any{"active": false, "reason": string(verdict.Reason)}
	}
	wire := map[string]any{
		"active": true, "session": messageToWire(verdict.Session().ProtoReflect()),
		"identity": messageToWire(verdict.Identity().ProtoReflect()),
	}
	if organisation := verdict.Organisation(); organisation != nil {
		wire["organisation"] = messageToWire(organisation.ProtoReflect())
	}
	if verdict.ClientBound {
		wire["client_bound"] = true
	}
	if verdict.Degraded {
		wire["degraded"] = true
	}
	return wire
}

func metricsToWire(metrics trustlayer.Metrics) map[string]any {
	wire := map[string]any{
		"hits": metrics.Hits, "misses": metrics.Misses, "degraded": metrics.Degraded, "batches": metrics.Batches,
		"entries": metrics.Entries, "tombstones": metrics.Tombstones, "streams": metrics.Streams,
	}
	if metrics.LeaseAge != nil {
		wire["lease_age_ms"] = float64(*metrics.LeaseAge) / float64(time.Millisecond)
	}
	return wire
}

// messageToWire writes a message in the form of the probe: proto JSON with the names of the contract, 64-bit numbers as
// JSON numbers, empty scalars, lists and maps included, unset messages left out.
func messageToWire(message protoreflect.Message) any {
	if message.Descriptor().FullName() == "google.protobuf.Timestamp" {
		text, err := protojson.Marshal(message.Interface())
		if err != nil {
			return nil
		}
		return json.RawMessage(text)
	}
	result := map[string]any{}
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.HasPresence() && !message.Has(field) {
			continue
		}
		result[string(field.Name())] = fieldToWire(field, message.Get(field))
	}
	return result
}

func fieldToWire(field protoreflect.FieldDescriptor, value protoreflect.Value) any {
	switch {
	case field.IsMap():
		entries := map[string]any{}
		value.Map().Range(func(key protoreflect.MapKey, item protoreflect.Value) bool {
			entries[key.String()] = valueToWire(field.MapValue(), item)
			return true
		})
		return entries
	case field.IsList():
		items := []any{}
		for i := range value.List().Len() {
			items = append(items, valueToWire(field, value.List().Get(i)))
		}
		return items
	default:
		return valueToWire(field, value)
	}
}

func valueToWire(field protoreflect.FieldDescriptor, value protoreflect.Value) any {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return messageToWire(value.Message())
	case protoreflect.EnumKind:
		if known := field.Enum().Values().ByNumber(value.Enum()); known != nil {
			return string(known.Name())
		}
		return int32(value.Enum())
	default:
		return value.Interface()
	}
}
