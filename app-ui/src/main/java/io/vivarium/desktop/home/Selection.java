package io.vivarium.desktop.home;

import io.vivarium.desktop.model.VmItem;
import java.util.Collection;
import java.util.List;
import javafx.collections.FXCollections;
import javafx.collections.ObservableSet;
import org.jspecify.annotations.Nullable;

/** The VMs that the user has chosen, for verbs on several at once. */
final class Selection {
  private final ObservableSet<VmItem> chosen = FXCollections.observableSet();
  private @Nullable VmItem anchor;

  ObservableSet<VmItem> chosen() {
    return chosen;
  }

  boolean isEmpty() {
    return chosen.isEmpty();
  }

  void toggle(VmItem item) {
    anchor = item;
    if (!chosen.remove(item)) {
      chosen.add(item);
    }
  }

  /** All from the one that was toggled last to this, as they stand. */
  void extend(VmItem to, List<VmItem> shown) {
    int from = anchor == null ? -1 : shown.indexOf(anchor);
    int end = shown.indexOf(to);
    if (from < 0 || end < 0) {
      toggle(to);
      return;
    }
    chosen.addAll(shown.subList(Math.min(from, end), Math.max(from, end) + 1));
  }

  void set(Collection<VmItem> items) {
    chosen.retainAll(items);
    chosen.addAll(items);
  }

  void clear() {
    anchor = null;
    chosen.clear();
  }
}
