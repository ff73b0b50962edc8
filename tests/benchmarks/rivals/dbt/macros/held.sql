{% macro held(fact, day) -%}
    ({{ fact }}.valid_from is null or {{ fact }}.valid_from <= {{ day }})
    and ({{ fact }}.valid_to is null or {{ day }} < {{ fact }}.valid_to)
{%- endmacro %}
