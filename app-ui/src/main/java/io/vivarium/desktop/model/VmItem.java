package io.vivarium.desktop.model;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/** A VM that views may watch; the item stays the same while its facts change. */
public final class VmItem {
  private final ReadOnlyObjectWrapper<VmInfo> info = new ReadOnlyObjectWrapper<>();

  VmItem(VmInfo first) {
    info.set(first);
  }

  public ReadOnlyObjectProperty<VmInfo> infoProperty() {
    return info.getReadOnlyProperty();
  }

  public VmInfo info() {
    return info.get();
  }

  public String name() {
    return info().name();
  }

  public VmState state() {
    return info().state();
  }

  void set(VmInfo now) {
    info.set(now);
  }
}
