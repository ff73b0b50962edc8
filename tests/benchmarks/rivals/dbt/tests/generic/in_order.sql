{% test in_order(model, column_name, below) %}
select *
from {{ model }}
where {{ below }} > {{ column_name }} + 1e-12
{% endtest %}
